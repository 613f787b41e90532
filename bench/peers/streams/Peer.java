import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.kstream.Windowed;

/** The job of bench/peers/job.py in Kafka Streams, with RocksDB and changelogs, as its defaults have it. */
public final class Peer {
  static final ObjectMapper JSON = new ObjectMapper();
  static final ObjectReader CALLS = JSON.readerFor(Call.class);
  static final CountDownLatch DONE = new CountDownLatch(1);


  @JsonIgnoreProperties(ignoreUnknown = true)
  public static final class Call {
    public String agent_id;
    public long occurred_at_ms;
    public long connected;
    public long talk_ms;
    public long amount_minor;
  }

  record Sums(long calls, long connected, long talkMs, long amountMinor) {
    Sums plus(Call call) {
      return new Sums(calls + 1, connected + call.connected, talkMs + call.talk_ms, amountMinor + call.amount_minor);
    }
  }

  public static void main(String[] asked) throws Exception {
    String source = asked[1], target = asked[2], group = asked[6], folder = asked[7], guarantee = asked[8];
    boolean tumbling = asked[3].equals("tumbling"), rekey = asked[4].equals("1");
    Watch.expect(Long.parseLong(asked[5]));

    StreamsBuilder builder = new StreamsBuilder();
    KStream<String, Call> calls = builder.stream(source, Consumed.with(Serdes.String(), callSerde())
        .withTimestampExtractor((record, before) -> ((Call) record.value()).occurred_at_ms));
    if (rekey) {
      calls = calls.selectKey((key, call) -> call.agent_id)
          .repartition(Repartitioned.with(Serdes.String(), callSerde()).withNumberOfPartitions(4));
    }
    TimeWindows windows = TimeWindows.ofSizeAndGrace(Duration.ofMinutes(tumbling ? 1 : 15), Duration.ofMinutes(1));
    calls.peek((key, call) -> saw())
        .groupByKey(Grouped.with(Serdes.String(), callSerde()))
        .windowedBy(windows.advanceBy(Duration.ofMinutes(1)))
        .aggregate(() -> new Sums(0, 0, 0, 0), (key, call, sums) -> sums.plus(call),
            Materialized.with(Serdes.String(), sumsSerde()))
        .toStream()
        .map(Peer::told)
        .to(target, Produced.with(Serdes.String(), Serdes.String()));

    KafkaStreams streams = new KafkaStreams(builder.build(), settings(asked[0], group, folder, guarantee));
    streams.setUncaughtExceptionHandler(error -> {
      error.printStackTrace();
      System.exit(1);
      return null;
    });
    streams.start();
    DONE.await();
    streams.close(Duration.ofSeconds(60));
    System.out.println(Watch.line());
    System.exit(0);
  }

  static Properties settings(String bootstrap, String group, String folder, String guarantee) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, group);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, folder);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, guarantee);
    // As often as our worker publishes. The default of exactly-once, 100 ms, costs Kafka Streams more.
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 1000);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    return settings;
  }

  static KeyValue<String, String> told(Windowed<String> key, Sums sums) {
    return KeyValue.pair(key.key(), "{\"agent\":\"" + key.key() + "\",\"start\":" + key.window().start() + ",\"calls\":"
        + sums.calls() + ",\"connected\":" + sums.connected() + ",\"talk_ms\":" + sums.talkMs()
        + ",\"amount_minor\":" + sums.amountMinor() + "}");
  }

  static void saw() {
    if (Watch.saw()) {
      DONE.countDown();
    }
  }

  static Serde<Call> callSerde() {
    Serializer<Call> to = (topic, call) -> {
      try {
        return JSON.writeValueAsBytes(call);
      } catch (java.io.IOException error) {
        throw new java.io.UncheckedIOException(error);
      }
    };
    Deserializer<Call> of = (topic, value) -> {
      try {
        return CALLS.readValue(value);
      } catch (java.io.IOException error) {
        throw new java.io.UncheckedIOException(error);
      }
    };
    return Serdes.serdeFrom(to, of);
  }

  static Serde<Sums> sumsSerde() {
    Serializer<Sums> to = (topic, sums) -> sums == null ? null : ByteBuffer.allocate(32).putLong(sums.calls())
        .putLong(sums.connected()).putLong(sums.talkMs()).putLong(sums.amountMinor()).array();
    Deserializer<Sums> of = (topic, value) -> {
      if (value == null) {
        return null;
      }
      ByteBuffer bytes = ByteBuffer.wrap(value);
      return new Sums(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong());
    };
    return Serdes.serdeFrom(to, of);
  }
}
