import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.bson.BsonBinaryReader;
import org.bson.BsonBinaryWriter;
import org.bson.BsonBoolean;
import org.bson.BsonElement;
import org.bson.BsonString;
import org.bson.BsonType;
import org.bson.Document;
import org.bson.RawBsonDocument;
import org.bson.codecs.configuration.CodecRegistry;
import org.bson.io.BasicOutputBuffer;
import org.bson.types.ObjectId;

/** Record hash bson-sha256/v1 with MongoDB's Java driver. Tested with 5.14. */
final class RecordHash {
  private static final Set<String> OUTSIDE_HASH = Set.of("hash", "immutable", "snapshotId");

  /**
   * The record of an audit entry. Insert what this returns, with a MongoCollection of RawBsonDocument. The codecs decide
   * the types, so give those of your client: they must say how a UUID is stored (UuidRepresentation.STANDARD).
   */
  static RawBsonDocument toInsert(Document entry, CodecRegistry codecs) {
    for (String name : OUTSIDE_HASH) {
      if (entry.containsKey(name)) throw new IllegalArgumentException("the entry has a member " + name + " already");
    }
    // The id is part of the hash, so it is made here and not by insertOne; the server wants it first.
    Document members = new Document("_id", new ObjectId());
    members.putAll(entry);
    // Encoding decides the rest, once: Integer is int32, Long int64, float and double are double, an Instant is cut
    // to milliseconds. A Document keeps its order; a HashMap inside it does not.
    byte[] hashed = bytes(new RawBsonDocument(members, codecs.get(Document.class)));
    BasicOutputBuffer record = new BasicOutputBuffer();
    try (BsonBinaryWriter writer = new BsonBinaryWriter(record);
        BsonBinaryReader reader = new BsonBinaryReader(ByteBuffer.wrap(hashed))) {
      writer.pipe(
          reader,
          List.of(
              new BsonElement("hash", new BsonString(sha256(hashed))),
              new BsonElement("immutable", BsonBoolean.FALSE)));
    }
    // A RawBsonDocument is inserted byte for byte. A Document would be encoded again, possibly to other bytes.
    return new RawBsonDocument(record.toByteArray());
  }

  /** The hash of a stored record, read with a MongoCollection of RawBsonDocument. */
  static String of(RawBsonDocument stored) {
    byte[] record = bytes(stored);
    ByteArrayOutputStream hashed = new ByteArrayOutputStream(record.length);
    hashed.write(record, 0, 4);
    try (BsonBinaryReader reader = new BsonBinaryReader(ByteBuffer.wrap(record))) {
      reader.readStartDocument();
      int start = 4;
      while (reader.readBsonType() != BsonType.END_OF_DOCUMENT) {
        String name = reader.readName();
        reader.skipValue();
        int end = reader.getBsonInput().getPosition();
        if (!OUTSIDE_HASH.contains(name)) hashed.write(record, start, end - start);
        start = end;
      }
    }
    hashed.write(0);
    byte[] document = hashed.toByteArray();
    ByteBuffer.wrap(document).order(ByteOrder.LITTLE_ENDIAN).putInt(0, document.length);
    return sha256(document);
  }

  private static byte[] bytes(RawBsonDocument document) {
    ByteBuffer buffer = document.getByteBuffer().asNIO();
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException absent) {
      throw new IllegalStateException(absent); // every Java has SHA-256
    }
  }
}
