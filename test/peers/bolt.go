// The real bbolt beside ours.
//
//	bolt read FILE     opens FILE, checks it, prints what is in it, adds a key and checks again
//	bolt write FILE FREELIST UNSYNCED
//	                   makes FILE with nested buckets, sequences and big values, then prints what is in it
//	bolt defragment FILE COPY KEYS
//	                   copies FILE as etcd's defragmentation does, with a commit after so many keys
//	bolt chain FILE SEED READERS
//	                   makes FILE by a history of a bucket in a bucket in a bucket, in which no order is left to chance:
//	                   one bucket inside of each, at most one deletion in each in a transaction; with READERS, read
//	                   transactions open and end in between
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

// The history's numbers; the other side draws the same.
type draw struct{ state uint32 }

func (d *draw) below(limit uint32) uint32 {
	d.state = d.state*1664525 + 1013904223
	return (d.state >> 8) % limit
}

func chain(file string, seed uint32, hasReaders bool) {
	options := &bolt.Options{}
	if hasReaders {
		options.InitialMmapSize = 1 << 25 // a writer that must map more waits for readers: for itself
	}
	db, err := bolt.Open(file, 0600, options)
	must(err)
	d := &draw{seed}
	readers := []*bolt.Tx{}
	for transaction := 0; transaction < 80; transaction++ {
		if hasReaders && d.below(4) == 0 {
			reader, err := db.Begin(false)
			must(err)
			readers = append(readers, reader)
		}
		if n := uint32(len(readers)); n > 0 && d.below(4) == 0 {
			at := d.below(n)
			must(readers[at].Rollback())
			readers = append(readers[:at], readers[at+1:]...)
		}
		must(db.Update(func(tx *bolt.Tx) error {
			b, err := tx.CreateBucketIfNotExists([]byte("outer"))
			if err != nil {
				return err
			}
			for _, name := range []string{"middle", "inner", ""} {
				deleted := false
				for i := d.below(40); i > 0; i-- {
					key := []byte(fmt.Sprintf("key%d", d.below(300)))
					size := d.below(20)
					switch d.below(12) {
					case 0:
						if deleted {
							continue
						}
						deleted = true
						err = b.Delete(key)
					case 1:
						err = b.Put(key, make([]byte, 200+30*size))
					case 2:
						if d.below(8) == 0 {
							err = b.Put(key, make([]byte, 5000+100*size))
						}
					default:
						err = b.Put(key, make([]byte, size))
					}
					if err != nil {
						return err
					}
				}
				if d.below(3) == 0 {
					if _, err := b.NextSequence(); err != nil {
						return err
					}
				}
				if name == "" {
					continue
				}
				if d.below(15) == 0 && b.Bucket([]byte(name)) != nil {
					if err := b.DeleteBucket([]byte(name)); err != nil {
						return err
					}
				}
				if b, err = b.CreateBucketIfNotExists([]byte(name)); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	for _, reader := range readers {
		must(reader.Rollback())
	}
	check(db)
	must(db.Close())
}

func defragment(file, copied string, keysMax int) {
	from, err := bolt.Open(file, 0600, nil)
	must(err)
	to, err := bolt.Open(copied, 0600, nil)
	must(err)
	target, err := to.Begin(true)
	must(err)
	keys := 0
	must(from.View(func(source *bolt.Tx) error {
		return source.ForEach(func(name []byte, b *bolt.Bucket) error {
			into, err := target.CreateBucketIfNotExists(name)
			if err != nil {
				return err
			}
			into.FillPercent = 0.9
			return b.ForEach(func(k, v []byte) error {
				keys++
				if keys > keysMax {
					must(target.Commit())
					target, err = to.Begin(true)
					must(err)
					into = target.Bucket(name)
					into.FillPercent = 0.9
					keys = 0
				}
				return into.Put(k, v)
			})
		})
	}))
	must(target.Commit())
	must(from.Close())
	must(to.Close())
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "read" {
		read(os.Args[2])
	} else if len(os.Args) == 5 && os.Args[1] == "write" {
		write(os.Args[2], os.Args[3], os.Args[4])
	} else if len(os.Args) == 5 && os.Args[1] == "defragment" {
		var keysMax int
		fmt.Sscan(os.Args[4], &keysMax)
		defragment(os.Args[2], os.Args[3], keysMax)
	} else if len(os.Args) == 5 && os.Args[1] == "chain" {
		var seed uint32
		fmt.Sscan(os.Args[3], &seed)
		chain(os.Args[2], seed, os.Args[4] == "true")
	} else {
		fmt.Fprintln(os.Stderr, "usage: bolt read FILE | bolt write FILE array|hashmap UNSYNCED | bolt chain FILE SEED READERS | bolt defragment FILE COPY KEYS")
		os.Exit(2)
	}
}
