// Command interop checks evidence with libraries that other people wrote. It reads cases as JSON on stdin and answers,
// for each, what every library says: an empty string for accepted, the library's own error otherwise.
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"filippo.io/torchwood"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type testCase struct {
	Kind  string `json:"kind"`
	Vkey  string `json:"vkey"`
	Note  string `json:"note"`
	Leaf  []byte `json:"leaf"`
	Proof string `json:"proof"`

	Earlier head     `json:"earlier"`
	Later   head     `json:"later"`
	Path    [][]byte `json:"path"`

	PublicKey  []byte `json:"publicKey"`
	Origin     string `json:"origin"`
	SnapshotID string `json:"snapshotId"`
	Manifest   []byte `json:"manifest"`
	Signature  []byte `json:"signature"`
}

type head struct {
	Size uint64 `json:"size"`
	Root []byte `json:"root"`
}

func main() {
	var cases []testCase
	if err := json.NewDecoder(os.Stdin).Decode(&cases); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	answers := make([]map[string]string, 0, len(cases))
	for _, c := range cases {
		answers = append(answers, answer(c))
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		os.Exit(1)
	}
}

func answer(c testCase) map[string]string {
	switch c.Kind {
	case "checkpoint":
		return map[string]string{
			"sumdb/note": text(openNote(c.Vkey, c.Note)),
			"torchwood":  text(openCheckpoint(c.Vkey, c.Note)),
		}
	case "inclusion":
		return map[string]string{
			"torchwood":   text(torchwoodInclusion(c)),
			"sumdb/tlog":  text(inclusion(c, checkRecord)),
			"tdev/merkle": text(inclusion(c, verifyInclusion)),
		}
	case "consistency":
		return map[string]string{
			"sumdb/tlog":  text(checkTree(c)),
			"tdev/merkle": text(proof.VerifyConsistency(rfc6962.DefaultHasher, c.Earlier.Size, c.Later.Size, c.Path, c.Earlier.Root, c.Later.Root)),
		}
	case "statement":
		return map[string]string{"crypto/ed25519": text(verifyStatement(c))}
	}
	return map[string]string{"error": "unknown kind " + c.Kind}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// verifyStatement checks the signature over the four lines of docs/format.md, "Signature".
func verifyStatement(c testCase) error {
	statement := fmt.Sprintf("audit-snapshot/manifest/v1\n%s\n%s\n%x\n", c.Origin, c.SnapshotID, sha256.Sum256(c.Manifest))
	if len(c.PublicKey) != ed25519.PublicKeySize || !ed25519.Verify(c.PublicKey, []byte(statement), c.Signature) {
		return errors.New("the statement is not signed with the key")
	}
	return nil
}

func openNote(vkey, signed string) error {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	_, err = note.Open([]byte(signed), note.VerifierList(verifier))
	return err
}

func policyOf(vkey string) (torchwood.Policy, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, err
	}
	// Key name and origin must agree, as C2SP asks for.
	return torchwood.ThresholdPolicy(2, torchwood.SingleVerifierPolicy(verifier), torchwood.OriginPolicy(verifier.Name())), nil
}

func openCheckpoint(vkey, signed string) error {
	policy, err := policyOf(vkey)
	if err != nil {
		return err
	}
	_, _, err = torchwood.VerifyCheckpoint([]byte(signed), policy)
	return err
}

func torchwoodInclusion(c testCase) error {
	policy, err := policyOf(c.Vkey)
	if err != nil {
		return err
	}
	return torchwood.VerifyProof(policy, tlog.RecordHash(c.Leaf), []byte(c.Proof))
}

// inclusion takes the proof apart, so that libraries without a format of their own see its numbers and hashes.
func inclusion(c testCase, check func(index int64, path [][]byte, size int64, root []byte, leaf []byte) error) error {
	top, signed, found := strings.Cut(c.Proof, "\n\n")
	lines := strings.Split(top, "\n")
	if !found || len(lines) < 2 {
		return errors.New("not a proof")
	}
	var index int64
	if _, err := fmt.Sscanf(lines[1], "index %d", &index); err != nil {
		return err
	}
	path := make([][]byte, 0, len(lines)-2)
	for _, line := range lines[2:] {
		hash, err := base64.StdEncoding.DecodeString(line)
		if err != nil {
			return err
		}
		path = append(path, hash)
	}
	verifier, err := note.NewVerifier(c.Vkey)
	if err != nil {
		return err
	}
	opened, err := note.Open([]byte(signed), note.VerifierList(verifier))
	if err != nil {
		return err
	}
	checkpoint, err := torchwood.ParseCheckpoint(opened.Text)
	if err != nil {
		return err
	}
	return check(index, path, checkpoint.N, checkpoint.Hash[:], c.Leaf)
}

func checkRecord(index int64, path [][]byte, size int64, root, leaf []byte) error {
	hashes, err := hashesOf(append(path, root))
	if err != nil {
		return err
	}
	return tlog.CheckRecord(hashes[:len(path)], size, hashes[len(path)], index, tlog.RecordHash(leaf))
}

func verifyInclusion(index int64, path [][]byte, size int64, root, leaf []byte) error {
	return proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(index), uint64(size), rfc6962.DefaultHasher.HashLeaf(leaf), path, root)
}

func checkTree(c testCase) error {
	hashes, err := hashesOf(append(c.Path, c.Later.Root, c.Earlier.Root))
	if err != nil {
		return err
	}
	n := len(c.Path)
	return tlog.CheckTree(hashes[:n], int64(c.Later.Size), hashes[n], int64(c.Earlier.Size), hashes[n+1])
}

func hashesOf(raw [][]byte) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, 0, len(raw))
	for _, one := range raw {
		if len(one) != tlog.HashSize {
			return nil, fmt.Errorf("a hash of %d bytes", len(one))
		}
		hashes = append(hashes, tlog.Hash(one))
	}
	return hashes, nil
}
