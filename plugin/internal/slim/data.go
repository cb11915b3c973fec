package slim

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// The table by which Go finds a function from where it runs: 65,536 places for each
// function, 4096 for each bucket, and in each bucket a number of the function and 16
// bytes. No two functions share a bucket, so the number counts up by one every 16
// buckets and the bytes are zero.
const (
	bucketSize         = 20
	bucketsPerFunction = 16
	leastFunctions     = 256 // below it is not worth looking for
)

const mostMemory = 1 << 28

type segment struct {
	at   uint32
	data []byte
}

// slimData takes the table out of the data and has a function fill it, which runs when
// the module is instantiated, as the data does.
func (m *module) slimData(asked askedPlaces, root string) error {
	at := slices.IndexFunc(m.sections, func(s section) bool { return s.id == dataSection })
	if at < 0 || slices.ContainsFunc(m.sections, func(s section) bool { return s.id == startSection }) {
		return nil
	}
	segments, ok, err := readSegments(m.sections[at].data)
	if err != nil || !ok {
		return err
	}
	memory := make([]byte, memoryOf(segments))
	for _, s := range segments {
		copy(memory[s.at:], s.data)
	}
	if t, ok := readTables(memory); ok && asked != nil {
		t.slimPlaces(asked)
		t.slimNames(root)
		if t.failed {
			return errors.New("the tables of functions are not as Go's linker writes them")
		}
	}
	table, buckets := findTable(memory)
	if buckets < leastFunctions*bucketsPerFunction {
		return nil
	}
	clear(memory[table : table+buckets*bucketSize])
	m.sections[at].data = appendSegments(nil, memory)
	start := m.add(typeOfStart, fillTable(table, buckets))
	before := slices.IndexFunc(m.sections, func(s section) bool { return s.id >= elementSection })
	m.sections = slices.Insert(m.sections, before, section{startSection, appendUint(nil, start)})
	return nil
}

// readSegments reads the data; not ok if there is a segment that is not simply copied to
// where it says.
func readSegments(data []byte) (list []segment, ok bool, err error) {
	r := &reader{p: data}
	for range r.count() {
		flags, op := r.uint(), r.byte()
		at, end := r.int(), r.byte()
		s := segment{uint32(at), r.bytes(r.uint())}
		if r.failed {
			return nil, false, fmt.Errorf("data: %w", errCut)
		}
		if flags != 0 || op != opI32Const || end != opEnd || at < 0 || at+int64(len(s.data)) > mostMemory {
			return nil, false, nil
		}
		list = append(list, s)
	}
	return list, true, nil
}

// memoryOf is how much memory has data.
func memoryOf(segments []segment) (size int) {
	for _, s := range segments {
		size = max(size, int(s.at)+len(s.data))
	}
	return size
}

// findTable finds the table by its second function.
func findTable(memory []byte) (at, buckets int) {
	const function = bucketsPerFunction * bucketSize
	for at := function; at+function <= len(memory); at += 4 { // which is how it is aligned
		if memory[at] != 1 || !isBucket(memory, at, 1) || !isBucket(memory, at-bucketSize, 0) {
			continue
		}
		n := 0
		for isBucket(memory, at-function+n*bucketSize, n/bucketsPerFunction) {
			n++
		}
		if n >= leastFunctions*bucketsPerFunction {
			return at - function, n
		}
	}
	return 0, 0
}

func isBucket(memory []byte, at, function int) bool {
	if at+bucketSize > len(memory) || binary.LittleEndian.Uint32(memory[at:]) != uint32(function) {
		return false
	}
	for _, b := range memory[at+4 : at+bucketSize] {
		if b != 0 {
			return false
		}
	}
	return true
}

// fillTable is a function that writes the table.
func fillTable(table, buckets int) []byte {
	const bucket, place = 0, 1
	return encode([]byte{1, 2, 0x7f}, []instr{
		{op: opI32Const, x: int64(table)},
		{op: opLocalSet, x: place},
		{op: opLoop, raw: []byte{opLoop, 0x40}},
		{op: opLocalGet, x: place},
		{op: opLocalGet, x: bucket},
		{op: opI32Const, x: 4},
		{op: opI32ShrU},
		{op: opI32Store, x: 2},
		{op: opLocalGet, x: place},
		{op: opI32Const, x: bucketSize},
		{op: opI32Add},
		{op: opLocalSet, x: place},
		{op: opLocalGet, x: bucket},
		{op: opI32Const, x: 1},
		{op: opI32Add},
		{op: opLocalTee, x: bucket},
		{op: opI32Const, x: int64(buckets)},
		{op: opI32LtU},
		{op: opBrIf, x: 0},
		{op: opEnd},
		{op: opEnd},
	})
}

// appendSegments writes what of the memory is not zero. A gap that is shorter than what
// a segment costs is written too.
func appendSegments(dst, memory []byte) []byte {
	const cost = 8
	var list []segment
	for at := 0; at < len(memory); {
		if memory[at] == 0 {
			at++
			continue
		}
		end, zeros := at, 0
		for i := at; i < len(memory) && zeros < cost; i++ {
			if memory[i] == 0 {
				zeros++
			} else {
				end, zeros = i+1, 0
			}
		}
		list = append(list, segment{uint32(at), memory[at:end]})
		at = end
	}
	dst = appendUint(dst, uint64(len(list)))
	for _, s := range list {
		dst = append(dst, 0, opI32Const)
		dst = appendInt(dst, int64(s.at))
		dst = append(dst, opEnd)
		dst = appendUint(dst, uint64(len(s.data)))
		dst = append(dst, s.data...)
	}
	return dst
}
