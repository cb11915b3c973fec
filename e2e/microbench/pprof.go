package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
)

// A profile is one of calls, of which each was seen as often as any other, in the format of pprof
// (https://github.com/google/pprof/blob/main/proto/profile.proto).
type profile struct {
	calls     int
	texts     []string
	numbers   map[string]uint64 // of texts
	functions map[string]uint64 // of functions, by name
	places    int
	body      []byte
}

// Fields of its messages.
const (
	profileSampleType, profileSample, profileLocation, profileFunction, profileText = 1, 2, 4, 5, 6
	typeKind, typeUnit                                                              = 1, 2
	sampleLocation, sampleValue                                                     = 1, 2
	locationID, locationLine                                                        = 1, 4
	lineFunction, lineNumber                                                        = 1, 2
	functionID, functionName, functionSystemName, functionLine                      = 1, 2, 3, 5
)

// add adds a call, so many lines below where the caller begins.
func (p *profile) add(caller *function, line int, callee *function) {
	p.calls++
	at := p.place(caller, caller.line+line)
	in := p.place(callee, callee.line)
	var sample []byte
	sample = appendField(sample, sampleLocation, in) // the innermost is the first
	sample = appendField(sample, sampleLocation, at)
	sample = appendField(sample, sampleValue, 1)
	p.body = appendMessage(p.body, profileSample, sample)
}

func (p *profile) place(f *function, line int) uint64 {
	p.places++
	at := appendField(nil, lineFunction, p.function(f))
	at = appendField(at, lineNumber, uint64(line))
	place := appendField(nil, locationID, uint64(p.places))
	p.body = appendMessage(p.body, profileLocation, appendMessage(place, locationLine, at))
	return uint64(p.places)
}

func (p *profile) function(f *function) uint64 {
	if n, ok := p.functions[f.name]; ok {
		return n
	}
	if p.functions == nil {
		p.functions = map[string]uint64{}
	}
	n := uint64(len(p.functions) + 1)
	p.functions[f.name] = n
	b := appendField(nil, functionID, n)
	b = appendField(b, functionName, p.text(f.name))
	b = appendField(b, functionSystemName, p.text(f.name))
	p.body = appendMessage(p.body, profileFunction, appendField(b, functionLine, uint64(f.line)))
	return n
}

// text is the number of a text; that of none is 0.
func (p *profile) text(s string) uint64 {
	if p.numbers == nil {
		p.numbers, p.texts = map[string]uint64{"": 0}, []string{""}
	}
	n, ok := p.numbers[s]
	if !ok {
		n = uint64(len(p.texts))
		p.numbers[s], p.texts = n, append(p.texts, s)
	}
	return n
}

// bytes is the profile, compressed as such files usually are.
func (p *profile) bytes() []byte {
	kind := appendField(nil, typeKind, p.text("samples"))
	kind = appendField(kind, typeUnit, p.text("count"))
	b := append(appendMessage(nil, profileSampleType, kind), p.body...)
	for _, s := range p.texts {
		b = appendMessage(b, profileText, []byte(s))
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b) // a buffer takes all
	w.Close()
	return out.Bytes()
}

func appendField(dst []byte, field, value uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(dst, field<<3), value)
}

func appendMessage(dst []byte, field uint64, m []byte) []byte {
	const lengthDelimited = 2
	dst = binary.AppendUvarint(binary.AppendUvarint(dst, field<<3|lengthDelimited), uint64(len(m)))
	return append(dst, m...)
}
