import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.CheckpointingMode;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.functions.ScalarFunction;

/** The job of bench/peers/job.py in Flink SQL, in a cluster inside this process, with a checkpoint every ten seconds. */
public final class Peer {
  /** Gives back what it is given, and counts: the cluster runs in this process. */
  public static final class Saw extends ScalarFunction {
    public Long eval(Long value) {
      Watch.saw();
      return value;
    }

    @Override
    public boolean isDeterministic() {
      return false;
    }
  }

  public static void main(String[] asked) throws Exception {
    String bootstrap = asked[0], source = asked[1], target = asked[2], group = asked[6], folder = asked[7];
    boolean tumbling = asked[3].equals("tumbling");
    Watch.expect(Long.parseLong(asked[5]));

    Configuration configuration = new Configuration();
    configuration.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, "file://" + folder);
    StreamExecutionEnvironment cluster = StreamExecutionEnvironment.createLocalEnvironment(configuration);
    cluster.enableCheckpointing(10_000, CheckpointingMode.EXACTLY_ONCE);
    StreamTableEnvironment tables = StreamTableEnvironment.create(cluster);
    tables.getConfig().setLocalTimeZone(java.time.ZoneOffset.UTC);
    tables.createTemporarySystemFunction("saw", Saw.class);
    tables.executeSql("CREATE TABLE calls (agent_id STRING, occurred_at_ms BIGINT, connected INT, talk_ms BIGINT,"
        + " amount_minor BIGINT, moment AS TO_TIMESTAMP_LTZ(occurred_at_ms, 3),"
        + " WATERMARK FOR moment AS moment - INTERVAL '60' SECOND) WITH ('connector' = 'kafka', 'topic' = '" + source + "',"
        + " 'properties.bootstrap.servers' = '" + bootstrap + "', 'properties.group.id' = '" + group + "',"
        + " 'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset', 'format' = 'json')");
    tables.executeSql("CREATE TABLE sums (agent STRING, `start` BIGINT, calls BIGINT, connected BIGINT,"
        + " talk_ms BIGINT, amount_minor BIGINT) WITH ('connector' = 'kafka', 'topic' = '" + target + "',"
        + " 'properties.bootstrap.servers' = '" + bootstrap + "', 'format' = 'json',"
        + " 'sink.delivery-guarantee' = 'exactly-once', 'sink.transactional-id-prefix' = '" + group + "',"
        + " 'properties.transaction.timeout.ms' = '600000')");
    String minutes = tumbling ? "TUMBLE(TABLE calls, DESCRIPTOR(moment), INTERVAL '1' MINUTE)"
        : "HOP(TABLE calls, DESCRIPTOR(moment), INTERVAL '1' MINUTE, INTERVAL '15' MINUTES)";
    tables.executeSql("INSERT INTO sums SELECT agent_id,"
        + " 1000 * UNIX_TIMESTAMP(DATE_FORMAT(window_start, 'yyyy-MM-dd HH:mm:ss')), COUNT(*), SUM(connected),"
        + " SUM(talk_ms), SUM(saw(amount_minor)) FROM TABLE(" + minutes + ")"
        + " GROUP BY agent_id, window_start, window_end").await();
    System.out.println(Watch.line());
    System.exit(0);
  }

}
