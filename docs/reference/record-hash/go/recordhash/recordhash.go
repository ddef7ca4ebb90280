// Package recordhash makes the record hash bson-sha256/v1 with MongoDB's Go driver. Tested with v2.10.
package recordhash

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// ToInsert returns the record of an audit entry, a struct or a bson.D. Insert what it returns, not the entry.
func ToInsert(entry any) (bson.Raw, error) {
	// Encoding decides types and order, once: an int is int32 if it fits, otherwise int64; time.Time is
	// cut to milliseconds; a field with omitempty may be left out; a map has another order every time.
	encoded, err := bson.Marshal(entry)
	if err != nil {
		return nil, err
	}
	elements, err := bson.Raw(encoded).Elements()
	if err != nil {
		return nil, err
	}
	var id, others []byte
	for _, element := range elements {
		switch name := element.Key(); name {
		case "_id":
			id = element
		case "hash", "immutable", "snapshotId":
			return nil, fmt.Errorf("the entry has a member %s already", name)
		default:
			others = append(others, element...)
		}
	}
	// The id is part of the hash, so it is made here and not by InsertOne; the server wants it first.
	if id == nil {
		if id, err = encode(bson.D{{Key: "_id", Value: bson.NewObjectID()}}); err != nil {
			return nil, err
		}
	}
	sum := sha256.Sum256(document(id, others))
	outside, err := encode(bson.D{{Key: "hash", Value: hex.EncodeToString(sum[:])}, {Key: "immutable", Value: false}})
	if err != nil {
		return nil, err
	}
	// bson.Raw is inserted byte for byte. The entry would be encoded again, possibly to other bytes.
	return document(id, others, outside), nil
}

// Hash returns the hash of a stored record, from its bytes.
func Hash(record bson.Raw) (string, error) {
	elements, err := record.Elements()
	if err != nil {
		return "", err
	}
	var hashed []byte
	for _, element := range elements {
		switch element.Key() {
		case "hash", "immutable", "snapshotId":
		default:
			hashed = append(hashed, element...)
		}
	}
	sum := sha256.Sum256(document(hashed))
	return hex.EncodeToString(sum[:]), nil
}

// encode returns the elements of a document, without its length and terminator.
func encode(members bson.D) ([]byte, error) {
	encoded, err := bson.Marshal(members)
	if err != nil {
		return nil, err
	}
	return encoded[4 : len(encoded)-1], nil
}

// document puts a length before elements and a terminator after them.
func document(parts ...[]byte) bson.Raw {
	bytes := make([]byte, 4)
	for _, part := range parts {
		bytes = append(bytes, part...)
	}
	bytes = append(bytes, 0)
	binary.LittleEndian.PutUint32(bytes, uint32(len(bytes)))
	return bytes
}
