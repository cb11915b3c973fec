package redact

import "encoding/binary"

// A folded text is spelled so that checks need to know one spelling: digits and letters of
// other forms become ASCII's, spaces and dashes plain ones, and characters that nobody sees
// are gone. It knows where each of its bytes has been.
type folded struct {
	text  []byte
	base  int // where text begins, if nothing is folded there
	jumps []jump
	spent int // on characters that are left out
}

// mostSpent bounds how many characters are left out: so many in a row, and two for each byte
// that stays. What is beyond is a space, so that it is bounded what a few bytes stand for.
const mostSpent = 64

// A jump is where text and the whole text part more than before: at a byte that stands for
// a character of size bytes, or behind characters that are left out.
type jump struct {
	at, from int // the byte, and where what it stands for begins
	size     int
}

// plainPrefix is how many bytes of p, from its beginning, are as they would be folded.
// Whatever is folded begins with a byte from 0xc2 on.
func plainPrefix(p []byte) int {
	i := 0
	for i < len(p) {
		for i+8 <= len(p) && binary.LittleEndian.Uint64(p[i:])&0x8080808080808080 == 0 {
			i += 8
		}
		for i < len(p) && p[i] < 0x80 {
			i++
		}
		if i == len(p) {
			break
		}
		if i+1 < len(p) && mayFold(p[i], p[i+1]) {
			if _, _, plain := fold(p[i:]); !plain {
				return i
			}
		}
		i++
		for i < len(p) && p[i]&0xc0 == 0x80 {
			i++
		}
	}
	return i
}

// mayFold reports whether a character that begins with two bytes may be one that is folded.
func mayFold(a, b byte) bool {
	switch a {
	case 0xc2, 0xcd, 0xd8, 0xd9, 0xdb, 0xe0, 0xf0, 0xf3:
		return true
	case 0xe1:
		return b == 0xa0
	case 0xe2:
		return b <= 0x82 || b == 0x88 || b == 0x91 || b == 0x93
	case 0xe3:
		return b == 0x80
	case 0xef:
		return b >= 0xb8
	}
	return false
}

// cutTail is how many bytes at the end of p begin a character that is not complete.
func cutTail(p []byte) int {
	for n := 1; n <= min(3, len(p)); n++ {
		c := p[len(p)-n]
		if c&0xc0 == 0x80 {
			continue
		}
		if c >= 0xc0 && n < charSize(c) {
			return n
		}
		return 0
	}
	return 0
}

func charSize(lead byte) int {
	switch {
	case lead >= 0xf0:
		return 4
	case lead >= 0xe0:
		return 3
	case lead >= 0xc0:
		return 2
	}
	return 1
}

// fold is the ASCII byte for the character that p begins with, and its size. c 0 is a
// character that is left out; plain says that it stays as it is.
func fold(p []byte) (c byte, n int, plain bool) {
	n = charSize(p[0])
	if len(p) < n {
		return 0, len(p), true
	}
	for _, b := range p[1:n] {
		if b&0xc0 != 0x80 { // no character at all
			return 0, 1, true
		}
	}
	r := rune(p[0])
	switch n {
	case 1:
		return p[0], 1, true
	case 2:
		r = rune(p[0]&0x1f)<<6 | rune(p[1]&0x3f)
	case 3:
		r = rune(p[0]&0xf)<<12 | rune(p[1]&0x3f)<<6 | rune(p[2]&0x3f)
	case 4:
		r = rune(p[0]&7)<<18 | rune(p[1]&0x3f)<<12 | rune(p[2]&0x3f)<<6 | rune(p[3]&0x3f)
	}
	c, ok := foldRune(r)
	return c, n, !ok
}

// digitZeros are the zeros of digits in other scripts.
var digitZeros = [...]rune{0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xbe6, 0xe50, 0xed0, 0x2080}

func foldRune(r rune) (c byte, ok bool) {
	switch {
	case r >= 0xff01 && r <= 0xff5e: // full width
		return byte(r - 0xff01 + '!'), true
	case r == 0xad || r == 0x34f || r == 0x61c || r == 0x180e || r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e ||
		r >= 0x2060 && r <= 0x2064 || r >= 0xfe00 && r <= 0xfe0f || r == 0xfeff || r >= 0xe0000 && r <= 0xe007f:
		return 0, true
	case r == 0xa0 || r >= 0x2000 && r <= 0x200a || r == 0x202f || r == 0x205f || r == 0x3000:
		return ' ', true
	case r >= 0x2010 && r <= 0x2015 || r == 0x2212 || r == 0xfe58 || r == 0xfe63 || r == 0x2043:
		return '-', true
	case r == 0x2024 || r == 0xfe52 || r == 0xff61:
		return '.', true
	case r == 0xfe6b:
		return '@', true
	case r >= 0x1d400 && r <= 0x1d6a3: // letters of mathematics: alphabets one after another
		i := byte((r - 0x1d400) % 52)
		if i < 26 {
			return 'A' + i, true
		}
		return 'a' + i - 26, true
	case r >= 0x1d7ce && r <= 0x1d7ff:
		return byte('0' + (r-0x1d7ce)%10), true
	case r >= 0x2460 && r <= 0x2468: // circled
		return byte('1' + r - 0x2460), true
	case r == 0x24ea:
		return '0', true
	}
	for _, zero := range digitZeros {
		if r >= zero && r < zero+10 {
			return byte('0' + r - zero), true
		}
	}
	return 0, false
}

// add appends what p becomes, which begins at offset at of the whole text and ends with a
// complete character.
func (f *folded) add(p []byte, at int) {
	if len(f.text) == 0 && len(f.jumps) == 0 {
		f.base = at
	}
	for len(p) > 0 {
		n := plainPrefix(p)
		f.text, f.spent = append(f.text, p[:n]...), max(0, f.spent-2*n)
		if p, at = p[n:], at+n; len(p) == 0 {
			return
		}
		c, n, _ := fold(p)
		if c != 0 {
			f.spent = max(0, f.spent-2)
		} else if f.spent++; f.spent > mostSpent {
			c, f.spent = ' ', mostSpent
		}
		if c != 0 {
			f.jump(jump{len(f.text), at, n})
			f.text = append(f.text, c)
		} else { // what follows is further away
			f.jump(jump{len(f.text), at + n, 1})
		}
		p, at = p[n:], at+n
	}
}

func (f *folded) jump(j jump) {
	if n := len(f.jumps); n > 0 && f.jumps[n-1].at == j.at {
		f.jumps[n-1] = j
		return
	}
	f.jumps = append(f.jumps, j)
}

// jumped is the number of the last jump at or before byte i; -1 if there is none.
func (f *folded) jumped(i int) int {
	low, high := 0, len(f.jumps)
	for low < high {
		if mid := int(uint(low+high) >> 1); f.jumps[mid].at <= i {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return low - 1
}

// start is where byte i comes from, and end where what byte i-1 comes from is over.
func (f *folded) start(i int) int {
	k := f.jumped(i)
	if k < 0 {
		return f.base + i
	}
	j := &f.jumps[k]
	if j.at == i {
		return j.from
	}
	return j.from + j.size + i - j.at - 1
}

func (f *folded) end(i int) int {
	if k := f.jumped(i - 1); k >= 0 && f.jumps[k].at == i-1 {
		return f.jumps[k].from + f.jumps[k].size
	}
	return f.start(i-1) + 1
}

// drop forgets the first n bytes.
func (f *folded) drop(n int) {
	f.base = f.start(n)
	k := max(f.jumped(n), 0)
	if len(f.jumps) > 0 && f.jumps[k].at < n {
		k++
	}
	f.text = append(f.text[:0], f.text[n:]...)
	f.jumps = append(f.jumps[:0], f.jumps[k:]...)
	for i := range f.jumps {
		f.jumps[i].at -= n
	}
}
