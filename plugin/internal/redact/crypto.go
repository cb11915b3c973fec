package redact

import (
	"encoding/binary"
	"math/bits"

	"github.com/postern-gateway/postern/adapters/sha2"
)

// wallet is where an address or key of a cryptocurrency ends that begins at p; 0 if none
// does.
func wallet(v *view, p int) int {
	if !opensWord(v, p) {
		return 0
	}
	switch c := v.at(p); {
	case c == '0' && v.at(p+1) == 'x':
		return ethereum(v, p)
	case c|0x20 == 'b' || c|0x20 == 't' || c|0x20 == 'l' || c|0x20 == 'a':
		if e := bech32(v, p); e > 0 {
			return e
		}
	}
	switch v.at(p) {
	case '1', '3', 'L', 'M', 'D', 'T', 'X', '5', 'K', 'm', 'n', '2', 'x', 't', 'A', '9':
		return base58(v, p)
	}
	return 0
}

// ethereum is 0x and 40 hexadecimal digits, whose case is a checksum
// (https://eips.ethereum.org/EIPS/eip-55).
func ethereum(v *view, p int) int {
	e := v.run(p+2, 41, hexa)
	if e-p != 42 || !closesWord(v, e) {
		return 0
	}
	h := v.t[p+2 : e]
	var low [40]byte
	lowers, uppers := 0, 0
	for i, c := range h {
		low[i] = toLower(c)
		if isUpper(c) {
			uppers++
		} else if isLetter(c) {
			lowers++
		}
	}
	if uppers == 0 || lowers == 0 {
		return e
	}
	sum := keccak(low[:])
	for i, c := range h {
		if isLetter(c) && isUpper(c) != (sum[i/2]>>(4-i%2*4)&8 != 0) {
			return 0
		}
	}
	return e
}

const bech32Letters = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"

// bech32: https://github.com/bitcoin/bips/blob/master/bip-0350.mediawiki
func bech32(v *view, p int) int {
	one := 0
	for _, human := range [...]string{"bc", "tb", "ltc", "addr", "bcrt"} {
		n := 0
		for n < len(human) && toLower(v.at(p+n)) == human[n] {
			n++
		}
		if n == len(human) && v.at(p+n) == '1' {
			one = p + n
		}
	}
	if one == 0 {
		return 0
	}
	e := v.run(one+1, 120, alnum)
	if e-one < 15 || !closesWord(v, e) {
		return 0
	}
	sum := uint32(1)
	step := func(x byte) {
		top := sum >> 25
		sum = sum&0x1ffffff<<5 ^ uint32(x)
		for i, g := range [...]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
			if top>>i&1 != 0 {
				sum ^= g
			}
		}
	}
	for _, c := range v.t[p:one] {
		step(toLower(c) >> 5)
	}
	step(0)
	for _, c := range v.t[p:one] {
		step(toLower(c) & 31)
	}
	for _, c := range v.t[one+1 : e] {
		i := 0
		for i < 32 && bech32Letters[i] != toLower(c) {
			i++
		}
		if i == 32 {
			return 0
		}
		step(byte(i))
	}
	if sum != 1 && sum != 0x2bc830a3 {
		return 0
	}
	return e
}

const base58Letters = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// base58 is an address or key with a checksum of four bytes
// (https://en.bitcoin.it/wiki/Base58Check_encoding).
func base58(v *view, p int) int {
	e := v.run(p, 113, alnum)
	if n := e - p; n < 26 || n > 35 && n < 50 || n > 52 && n != 111 || !closesWord(v, e) {
		return 0
	}
	var out [84]byte
	zeros, leading := 0, true
	for _, c := range v.t[p:e] {
		x := 0
		for x < 58 && base58Letters[x] != c {
			x++
		}
		if x == 58 {
			return 0
		}
		if leading = leading && x == 0; leading {
			zeros++
		}
		for i := len(out) - 1; i >= 0; i-- {
			x += 58 * int(out[i])
			out[i], x = byte(x), x>>8
		}
	}
	i := 0
	for i < len(out) && out[i] == 0 {
		i++
	}
	raw := out[max(0, i-zeros):]
	if len(raw) < 21+4 {
		return 0
	}
	body := raw[:len(raw)-4]
	sum := sha2.Sum(body)
	sum = sha2.Sum(sum[:])
	if string(sum[:4]) != string(raw[len(body):]) {
		return 0
	}
	return e
}

// keccak is Keccak-256 of less than one block, as Ethereum has it: with the padding from
// before FIPS 202 (https://keccak.team/keccak_specs_summary.html).
func keccak(p []byte) (sum [32]byte) {
	const rate = 136
	var block [rate]byte
	copy(block[:], p)
	block[len(p)] = 1
	block[rate-1] |= 0x80
	var a [25]uint64
	for i := range rate / 8 {
		a[i] = binary.LittleEndian.Uint64(block[8*i:])
	}
	lfsr := uint8(1)
	for range 24 {
		keccakMix(&a)
		for j := range 7 { // the round's constant
			if lfsr&1 != 0 {
				a[0] ^= 1 << (1<<j - 1)
			}
			if lfsr >= 0x80 {
				lfsr = lfsr<<1 ^ 0x71
			} else {
				lfsr <<= 1
			}
		}
	}
	for i := range 4 {
		binary.LittleEndian.PutUint64(sum[8*i:], a[i])
	}
	return sum
}

func keccakMix(a *[25]uint64) {
	var c [5]uint64
	for x := range c {
		c[x] = a[x] ^ a[x+5] ^ a[x+10] ^ a[x+15] ^ a[x+20]
	}
	for x := range 5 {
		d := c[(x+4)%5] ^ bits.RotateLeft64(c[(x+1)%5], 1)
		for y := 0; y < 25; y += 5 {
			a[x+y] ^= d
		}
	}
	x, y, last := 1, 0, a[1]
	for t := range 24 {
		x, y = y, (2*x+3*y)%5
		last, a[x+5*y] = a[x+5*y], bits.RotateLeft64(last, (t+1)*(t+2)/2%64)
	}
	for y := 0; y < 25; y += 5 {
		copy(c[:], a[y:y+5])
		for x := range 5 {
			a[x+y] = c[x] ^ ^c[(x+1)%5]&c[(x+2)%5]
		}
	}
}
