package main

import (
	"fmt"
	"math"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// auditEntry is what a Go application would log. The order of the fields is the order in the record.
type auditEntry struct {
	ID           bson.ObjectID `bson:"_id,omitempty"`
	ResourceType string        `bson:"resourceType"`
	ResourceID   string        `bson:"resourceId"`
	Action       string        `bson:"action"`
	ActorID      string        `bson:"actorId"`
	Details      any           `bson:"details,omitempty"`
	Timestamp    time.Time     `bson:"timestamp"`
}

func nativeEntry() auditEntry {
	id, _ := bson.ObjectIDFromHex("65e1b2c3d4e5f60718293a4b")
	amount, _ := bson.ParseDecimal128("12.50")
	requestID := []byte("\x0b\x0e\x7d\x5c\x8f\x3a\x4c\x4e\x9d\x2f\x1a\x2b\x3c\x4d\x5e\x6f")
	return auditEntry{
		ID:           id,
		ResourceType: "Case",
		ResourceID:   "case-42",
		Action:       "document.viewed",
		ActorID:      "user-7",
		Details: bson.D{
			{Key: "count", Value: 3},
			{Key: "big", Value: int64(9007199254740993)},
			{Key: "whole", Value: 2.0},
			{Key: "ratio", Value: 0.1},
			{Key: "negativeZero", Value: math.Copysign(0, -1)},
			{Key: "amount", Value: amount},
			// Go has no UUID of its own: a [16]byte or uuid.UUID would become binary subtype 0.
			{Key: "requestId", Value: bson.Binary{Subtype: bson.TypeBinaryUUID, Data: requestID}},
			{Key: "digest", Value: []byte{0x00, 0xff, 0x10}},
			{Key: "tags", Value: []string{"a", "ü", "🔐"}},
			{Key: "nothing", Value: nil},
			{Key: "allowed", Value: true},
			{Key: "empty", Value: bson.D{}},
			{Key: "none", Value: bson.A{}},
			{Key: "born", Value: time.Date(1969, 7, 20, 20, 17, 40, 0, time.UTC)},
			{Key: "pattern", Value: bson.Regex{Pattern: "^case-", Options: "i"}},
		},
		Timestamp: time.Date(2026, 3, 1, 9, 30, 0, 123_456_789, time.UTC),
	}
}

// newEntry has no id, the current time with nanoseconds, and a map whose order is decided when it is encoded.
func newEntry(number int) auditEntry {
	return auditEntry{
		ResourceType: "Case",
		ResourceID:   fmt.Sprintf("case-%d", number),
		Action:       "case.closed",
		ActorID:      "user-7",
		Details:      bson.M{"small": int64(1), "large": make([]byte, 100_000), "a": 1, "b": 2, "c": 3},
		Timestamp:    time.Now(),
	}
}
