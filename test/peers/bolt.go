// The real bbolt beside ours.
//
//	bolt read FILE     opens FILE, checks it, prints what is in it, adds a key and checks again
//	bolt write FILE FREELIST UNSYNCED
//	                   makes FILE with nested buckets, sequences and big values, then prints what is in it
//
// Printed is a line for each bucket: its path in hexadecimal, sequence, number of elements, and a SHA-256 sum over
// its elements in order: length of the key u32, key, length of the value u32 and value; ffffffff for a bucket inside.
package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"

	bolt "github.com/coreos/bbolt"
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func check(db *bolt.DB) {
	must(db.View(func(tx *bolt.Tx) error {
		var first error
		for err := range tx.Check() {
			if first == nil {
				first = err
			}
		}
		return first
	}))
}

func show(path string, b *bolt.Bucket) error {
	sum := sha256.New()
	elements := 0
	var length [4]byte
	add := func(bytes []byte) {
		binary.LittleEndian.PutUint32(length[:], uint32(len(bytes)))
		sum.Write(length[:])
		sum.Write(bytes)
	}
	inner := [][]byte{}
	err := b.ForEach(func(k, v []byte) error {
		elements++
		add(k)
		if v == nil {
			sum.Write([]byte{0xff, 0xff, 0xff, 0xff})
			inner = append(inner, k)
		} else {
			add(v)
		}
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Printf("%s %d %d %s\n", path, b.Sequence(), elements, hex.EncodeToString(sum.Sum(nil)))
	for _, name := range inner {
		if err := show(path+"/"+hex.EncodeToString(name), b.Bucket(name)); err != nil {
			return err
		}
	}
	return nil
}

func showAll(db *bolt.DB) {
	must(db.View(func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bolt.Bucket) error { return show(hex.EncodeToString(name), b) })
	}))
}

func read(file string) {
	db, err := bolt.Open(file, 0600, &bolt.Options{NoFreelistSync: true})
	must(err)
	check(db)
	showAll(db)
	must(db.Update(func(tx *bolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists([]byte("by the real one"))
		if err != nil {
			return err
		}
		for i := 0; i < 200; i++ {
			if err := b.Put([]byte(fmt.Sprintf("key%d", i)), make([]byte, 300)); err != nil {
				return err
			}
		}
		return nil
	}))
	check(db)
	must(db.Close())
}

func write(file, freelist, unsynced string) {
	options := &bolt.Options{FreelistType: bolt.FreelistType(freelist), NoFreelistSync: unsynced == "true"}
	db, err := bolt.Open(file, 0600, options)
	must(err)
	for round := 0; round < 6; round++ {
		must(db.Update(func(tx *bolt.Tx) error {
			for name := 0; name < 4; name++ {
				b, err := tx.CreateBucketIfNotExists([]byte(fmt.Sprintf("bucket%d", name)))
				if err != nil {
					return err
				}
				if err := fill(b, name*100, round); err != nil {
					return err
				}
				inner, err := b.CreateBucketIfNotExists([]byte(fmt.Sprintf("inner%d", round%3)))
				if err != nil {
					return err
				}
				if err := inner.SetSequence(uint64(1000*name + round)); err != nil {
					return err
				}
				if err := fill(inner, 3*name, round); err != nil {
					return err
				}
			}
			if round == 4 {
				return tx.Bucket([]byte("bucket2")).DeleteBucket([]byte("inner1"))
			}
			return nil
		}))
	}
	check(db)
	showAll(db)
	must(db.Close())
}

// Puts and deletes keys, some with a value of many pages.
func fill(b *bolt.Bucket, keys, round int) error {
	for i := 0; i < keys; i++ {
		key := []byte(fmt.Sprintf("key%05d", (i*7+round*13)%500))
		var err error
		switch {
		case (i+round)%9 == 0:
			err = b.Delete(key)
		case i%60 == 1:
			err = b.Put(key, big(i+round))
		default:
			err = b.Put(key, []byte(fmt.Sprintf("value %d of round %d", i, round)))
		}
		if err != nil {
			return err
		}
	}
	_, err := b.NextSequence()
	return err
}

func big(seed int) []byte {
	value := make([]byte, 20000+37*seed)
	for i := range value {
		value[i] = byte(i*seed + i>>8)
	}
	return value
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "read" {
		read(os.Args[2])
	} else if len(os.Args) == 5 && os.Args[1] == "write" {
		write(os.Args[2], os.Args[3], os.Args[4])
	} else {
		fmt.Fprintln(os.Stderr, "usage: bolt read FILE | bolt write FILE array|hashmap UNSYNCED")
		os.Exit(2)
	}
}
