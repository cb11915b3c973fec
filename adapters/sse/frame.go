package sse

import "math/bits"

const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
	feeds = '\n' * ones
	turns = '\r' * ones
)

// load reads eight bytes, the first lowest. The compiler makes it one load.
func load(b []byte) uint64 {
	_ = b[7]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// breaks marks LF and CR among eight bytes by their highest bit. The lowest mark is
// exact; those above it may be false, for a subtraction borrows.
func breaks(w uint64) uint64 {
	return (((w ^ feeds) - ones) | ((w ^ turns) - ones)) &^ w & highs
}

// lineEnd is the place of the first CR or LF at or after i, or len(p).
func lineEnd(p []byte, i int) int {
	for len(p)-i >= 16 {
		b := p[i : i+16 : i+16]
		m0, m1 := breaks(load(b)), breaks(load(b[8:]))
		if m0|m1 != 0 {
			if m0 == 0 {
				m0 = m1
				i += 8
			}
			return i + bits.TrailingZeros64(m0)>>3
		}
		i += 16
	}
	for i < len(p) && p[i] != '\n' && p[i] != '\r' {
		i++
	}
	return i
}

// end finds where the frame ends that p begins or continues: behind the first blank
// line. Without one it is len(p) and false.
func (d *Decoder) end(p []byte) (int, bool) {
	i := 0
	if d.mark < markDone {
		i = d.skipMark(p)
	}
	for i < len(p) {
		if d.skipLF {
			d.skipLF = false
			if p[i] == '\n' {
				i++
				continue
			}
		}
		j := lineEnd(p, i)
		if j == len(p) {
			d.inLine = true
			return j, false
		}
		blank := j == i && !d.inLine
		d.inLine = false
		i = j + 1
		if p[j] == '\r' {
			if i < len(p) && p[i] == '\n' {
				i++
			} else if i == len(p) {
				d.skipLF = true
			}
		}
		if blank {
			return i, true
		}
	}
	return i, false
}

const byteOrderMark = "\ufeff"

// skipMark passes over the byte order mark that a stream may begin with, whole or in
// pieces. Bytes that only looked like one belong to the first line.
func (d *Decoder) skipMark(p []byte) int {
	i := 0
	for i < len(p) && d.mark < markDone {
		if p[i] != byteOrderMark[d.mark] {
			d.inLine = d.mark > 0
			d.mark = markDone
			break
		}
		d.mark++
		i++
	}
	return i
}

// read makes the event of a whole frame.
func (d *Decoder) read(frame []byte) Event {
	ev := Event{Raw: frame, Retry: -1}
	lines := 0 // of data
	i := 0
	if !d.begun && len(frame) >= len(byteOrderMark) && string(frame[:len(byteOrderMark)]) == byteOrderMark {
		i = len(byteOrderMark)
	}
	d.begun = true
	for i < len(frame) {
		j := lineEnd(frame, i)
		line := frame[i:j]
		i = j + 1
		if len(line) == 0 {
			continue // the blank line, or the LF of a CRLF
		}
		name, value := split(line)
		switch string(name) {
		case "data":
			switch lines++; lines {
			case 1:
				ev.Data = value
			case 2:
				d.joined = append(append(append(d.joined[:0], ev.Data...), '\n'), value...)
				ev.Data = d.joined
			default:
				d.joined = append(append(d.joined, '\n'), value...)
				ev.Data = d.joined
			}
		case "event":
			ev.Type = value
		case "id":
			d.setID(value)
		case "retry":
			ev.Retry = number(value, ev.Retry)
		}
	}
	ev.Message = lines > 0
	ev.ID = d.id
	return ev
}

// split parts a line at its first colon; one blank after it is not of the value. A
// comment has no name, a line without colon no value.
func split(line []byte) (name, value []byte) {
	if len(line) >= 6 && string(line[:6]) == "data: " { // almost every line there is
		return line[:4], line[6:]
	}
	for i, c := range line {
		if c == ':' {
			value = line[i+1:]
			if len(value) > 0 && value[0] == ' ' {
				value = value[1:]
			}
			return line[:i], value
		}
	}
	return line, nil
}

// setID takes over an id; one with a zero byte in it is ignored.
func (d *Decoder) setID(value []byte) {
	for _, c := range value {
		if c == 0 {
			return
		}
	}
	d.id = append(d.id[:0], value...)
}

// number reads ASCII digits; anything else leaves what was.
func number(value []byte, was int) int {
	if len(value) == 0 || len(value) > 9 {
		return was
	}
	n := 0
	for _, c := range value {
		if c < '0' || c > '9' {
			return was
		}
		n = n*10 + int(c-'0')
	}
	return n
}
