package adapters

import "strings"

// AppendPath appends a name to a path, in which it is to stay one: a byte that is neither
// a letter nor a digit nor in plain is escaped.
//
//go:noinline
func AppendPath(dst []byte, name, plain string) []byte {
	const digits = "0123456789ABCDEF"
	done := 0
	for i := range len(name) {
		if c := name[i]; c|0x20-'a' > 25 && c-'0' > 9 && strings.IndexByte(plain, c) < 0 {
			dst = append(append(dst, name[done:i]...), '%', digits[c>>4], digits[c&15])
			done = i + 1
		}
	}
	return append(dst, name[done:]...)
}
