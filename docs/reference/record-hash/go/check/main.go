// Command check: "check vectors FILE" tests package recordhash with the vectors; "check insert URI DATABASE COLLECTION"
// inserts records that are built with Go's own types; "check entries URI DATABASE COLLECTION TIME" inserts records with the
// time in the member TIME.
package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"recordhash/recordhash"
)

func main() {
	var err error
	switch os.Args[1] {
	case "vectors":
		err = checkVectors(os.Args[2])
	case "insert":
		err = insert(os.Args[2], os.Args[3], os.Args[4])
	case "entries":
		err = insertEntries(os.Args[2], os.Args[3], os.Args[4], os.Args[5])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func checkVectors(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var file struct {
		Vectors []struct{ Name, BsonHex, Hash string }
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return err
	}
	for _, vector := range file.Vectors {
		record, err := hex.DecodeString(vector.BsonHex)
		if err != nil {
			return err
		}
		verdict, again := "MISMATCH", "changed"
		if hash, err := recordhash.Hash(record); err == nil && hash == vector.Hash {
			verdict = "OK"
		}
		if hash, err := madeAgain(record); err == nil && hash == vector.Hash {
			again = "same"
		}
		fmt.Printf("%s\t%s\t%s\n", verdict, again, vector.Name)
	}
	return nil
}

// madeAgain is the hash after the record was decoded to a bson.D and made anew: shows what decoding loses.
func madeAgain(record bson.Raw) (string, error) {
	var decoded, entry bson.D
	if err := bson.Unmarshal(record, &decoded); err != nil {
		return "", err
	}
	for _, member := range decoded {
		if member.Key != "hash" && member.Key != "immutable" && member.Key != "snapshotId" {
			entry = append(entry, member)
		}
	}
	made, err := recordhash.ToInsert(entry)
	if err != nil {
		return "", err
	}
	return made.Lookup("hash").StringValue(), nil
}

func insert(uri, database, collection string) error {
	ctx := context.Background()
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		return err
	}
	defer client.Disconnect(ctx)
	records := client.Database(database).Collection(collection)
	native, err := recordhash.ToInsert(nativeEntry())
	if err != nil {
		return err
	}
	if _, err := records.InsertOne(ctx, native); err != nil {
		return err
	}
	var more []bson.Raw
	for number := range 3 {
		record, err := recordhash.ToInsert(newEntry(number))
		if err != nil {
			return err
		}
		more = append(more, record)
	}
	if _, err := records.InsertMany(ctx, more); err != nil {
		return err
	}
	fmt.Println("inserted 4")
	return nil
}

// insertEntries inserts three entries of now, with the time in the member of this name.
func insertEntries(uri, database, collection, timeName string) error {
	ctx := context.Background()
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		return err
	}
	defer client.Disconnect(ctx)
	for number := range 3 {
		encoded, err := bson.Marshal(newEntry(number))
		if err != nil {
			return err
		}
		var entry bson.D
		if err := bson.Unmarshal(encoded, &entry); err != nil {
			return err
		}
		for at := range entry {
			if entry[at].Key == "timestamp" {
				entry[at].Key = timeName
			}
		}
		record, err := recordhash.ToInsert(entry)
		if err != nil {
			return err
		}
		if _, err := client.Database(database).Collection(collection).InsertOne(ctx, record); err != nil {
			return err
		}
	}
	fmt.Println("inserted 3")
	return nil
}
