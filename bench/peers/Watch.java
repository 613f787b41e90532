import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** Time and CPU of this process from the first tenth of the records on, which is not counted, to the last. */
public final class Watch {
  private static long records;
  private static long seen;
  private static long from = -1;
  private static long beganNanos;
  private static long beganCpuNanos;
  private static String line;

  static synchronized void expect(long count) {
    records = count;
  }

  /** Counts a record; true once, with the last one. */
  static synchronized boolean saw() {
    seen++;
    if (from < 0 && seen >= records / 10) {
      from = seen;
      beganNanos = System.nanoTime();
      beganCpuNanos = cpuNanos();
    }
    if (seen == records) {
      line = String.format("{\"records\":%d,\"seconds\":%.3f,\"cpu_seconds\":%.3f,\"rss_mib\":%d}", seen - from,
          (System.nanoTime() - beganNanos) / 1e9, (cpuNanos() - beganCpuNanos) / 1e9, rssMib());
    }
    return seen == records;
  }

  /** The line of JSON at the end. */
  static synchronized String line() {
    return line;
  }

  private static long cpuNanos() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  private static long rssMib() {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream().filter(each -> each.startsWith("VmHWM"))
          .mapToLong(each -> Long.parseLong(each.replaceAll("\\D", ""))).findFirst().orElse(0) / 1024;
    } catch (java.io.IOException error) {
      return 0;
    }
  }
}
