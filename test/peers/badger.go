// The real Badger beside ours: writes a store, or reads one back.
//
//	peer write FOLDER THRESHOLD ROUNDS   rounds of transactions with overwrites and deletions, then a clean close
//	peer crash FOLDER THRESHOLD ROUNDS   the same, but the process ends without closing
//	peer dump FOLDER                     opens and prints every key, the length of its value, and its CRC-32C
package main

import (
	"fmt"
	"hash/crc32"
	"os"
	"strconv"

	"github.com/dgraph-io/badger"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func options(folder string) badger.Options {
	return badger.DefaultOptions(folder).WithLogger(nil).WithTruncate(true).WithVerifyValueChecksum(true).
		WithMaxTableSize(256 << 10).WithLevelOneSize(512 << 10).WithValueLogFileSize(1 << 20)
}

// The value that key i has from a round: a stamp, then the byte that simulated values are filled with.
func value(round, i int) []byte {
	out := make([]byte, 40+(i*37+round*101)%1500)
	for at := range out {
		out[at] = 0xfb
	}
	copy(out, fmt.Sprintf("round %d key %d", round, i))
	return out
}

func write(folder, threshold, rounds string, close bool) {
	limit, err := strconv.Atoi(threshold)
	check(err)
	count, err := strconv.Atoi(rounds)
	check(err)
	db, err := badger.Open(options(folder).WithValueThreshold(limit).WithSyncWrites(false))
	check(err)
	for round := 0; round < count; round++ {
		for from := 0; from < 2000; from += 40 {
			txn := db.NewTransaction(true)
			for i := from; i < from+40; i++ {
				key := []byte(fmt.Sprintf("key%06d", i*(round+1)%3000))
				if (i+round)%7 == 0 {
					check(txn.Delete(key))
				} else {
					check(txn.Set(key, value(round, i)))
				}
			}
			check(txn.Commit())
		}
	}
	if close {
		check(db.Close())
	} else {
		check(db.Sync())
		os.Exit(0)
	}
}

func dump(folder string) {
	db, err := badger.Open(options(folder))
	check(err)
	table := crc32.MakeTable(crc32.Castagnoli)
	check(db.View(func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.DefaultIteratorOptions)
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			item := it.Item()
			content, err := item.ValueCopy(nil)
			if err != nil {
				return err
			}
			fmt.Printf("%x %d %08x\n", item.Key(), len(content), crc32.Checksum(content, table))
		}
		return nil
	}))
	check(db.VerifyChecksum())
	check(db.Close())
}

func main() {
	switch os.Args[1] {
	case "write":
		write(os.Args[2], os.Args[3], os.Args[4], true)
	case "crash":
		write(os.Args[2], os.Args[3], os.Args[4], false)
	case "dump":
		dump(os.Args[2])
	default:
		fmt.Fprintln(os.Stderr, "peer write|crash|dump FOLDER …")
		os.Exit(2)
	}
}
