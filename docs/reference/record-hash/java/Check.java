import com.mongodb.MongoClientSettings;
import com.mongodb.client.MongoClient;
import com.mongodb.client.MongoClients;
import com.mongodb.client.MongoCollection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import org.bson.Document;
import org.bson.RawBsonDocument;
import org.bson.UuidRepresentation;
import org.bson.codecs.DecoderContext;
import org.bson.codecs.configuration.CodecRegistries;
import org.bson.codecs.configuration.CodecRegistry;
import org.bson.types.Binary;
import org.bson.types.Decimal128;
import org.bson.types.ObjectId;

/**
 * "Check vectors FILE" tests RecordHash with the vectors; "Check insert URI DATABASE COLLECTION" inserts records that are
 * built with Java's own types; "Check entries URI DATABASE COLLECTION TIME" inserts records with the time in the member TIME.
 */
final class Check {
  private static final CodecRegistry CODECS =
      CodecRegistries.withUuidRepresentation(
          MongoClientSettings.getDefaultCodecRegistry(), UuidRepresentation.STANDARD);

  public static void main(String[] arguments) throws Exception {
    if (arguments[0].equals("vectors")) checkVectors(Path.of(arguments[1]));
    else if (arguments[0].equals("insert")) insert(arguments[1], arguments[2], arguments[3]);
    else insertEntries(arguments[1], arguments[2], arguments[3], arguments[4]);
  }

  private static void checkVectors(Path path) throws Exception {
    for (Document vector : Document.parse(Files.readString(path)).getList("vectors", Document.class)) {
      RawBsonDocument record = new RawBsonDocument(HexFormat.of().parseHex(vector.getString("bsonHex")));
      String expected = vector.getString("hash");
      String verdict = RecordHash.of(record).equals(expected) ? "OK" : "MISMATCH";
      String again = madeAgain(record).equals(expected) ? "same" : "changed";
      System.out.println(verdict + "\t" + again + "\t" + vector.getString("name"));
    }
  }

  /** The hash after the record was decoded to a Document and made anew: shows what decoding loses. */
  private static String madeAgain(RawBsonDocument record) {
    try {
      Document entry =
          CODECS.get(Document.class).decode(record.asBsonReader(), DecoderContext.builder().build());
      List.of("hash", "immutable", "snapshotId").forEach(entry::remove);
      return RecordHash.toInsert(entry, CODECS).getString("hash").getValue();
    } catch (RuntimeException error) {
      return error.toString();
    }
  }

  private static void insert(String uri, String database, String collection) {
    try (MongoClient client = MongoClients.create(uri)) {
      MongoCollection<RawBsonDocument> records =
          client.getDatabase(database).getCollection(collection, RawBsonDocument.class);
      records.insertOne(RecordHash.toInsert(nativeEntry(), CODECS));
      List<RawBsonDocument> more = new ArrayList<>();
      for (int number = 0; number < 3; number++) more.add(RecordHash.toInsert(newEntry(number), CODECS));
      records.insertMany(more);
    }
    System.out.println("inserted 4");
  }

  /** Inserts three entries of now, with the time in the member of this name. */
  private static void insertEntries(String uri, String database, String collection, String time) {
    try (MongoClient client = MongoClients.create(uri)) {
      MongoCollection<RawBsonDocument> records =
          client.getDatabase(database).getCollection(collection, RawBsonDocument.class);
      for (int number = 0; number < 3; number++) {
        Document entry = new Document();
        newEntry(number).forEach((name, value) -> entry.append(name.equals("timestamp") ? time : name, value));
        records.insertOne(RecordHash.toInsert(entry, CODECS));
      }
    }
    System.out.println("inserted 3");
  }

  private static Document nativeEntry() {
    Document details =
        new Document("count", 3)
            .append("big", 9007199254740993L)
            .append("whole", 2.0)
            .append("ratio", 0.1)
            .append("negativeZero", -0.0)
            .append("amount", Decimal128.parse("12.50"))
            .append("requestId", UUID.fromString("0b0e7d5c-8f3a-4c4e-9d2f-1a2b3c4d5e6f"))
            .append("digest", new Binary(new byte[] {0x00, (byte) 0xff, 0x10}))
            .append("tags", List.of("a", "ü", "🔐"))
            .append("nothing", null)
            .append("allowed", true)
            .append("empty", new Document())
            .append("none", List.of())
            .append("born", Instant.parse("1969-07-20T20:17:40Z"))
            .append("pattern", Pattern.compile("^case-", Pattern.CASE_INSENSITIVE));
    return entry("case-42", "document.viewed", details, Instant.parse("2026-03-01T09:30:00.123456789Z"))
        .append("_id", new ObjectId("65e1b2c3d4e5f60718293a4b"));
  }

  /** An entry of now, without an id, with microseconds. */
  private static Document newEntry(int number) {
    Document details = new Document("small", 1L).append("large", new byte[100_000]);
    return entry("case-" + number, "case.closed", details, Instant.now());
  }

  private static Document entry(String resourceId, String action, Document details, Instant timestamp) {
    return new Document("resourceType", "Case")
        .append("resourceId", resourceId)
        .append("action", action)
        .append("actorId", "user-7")
        .append("details", details)
        .append("timestamp", timestamp);
  }
}
