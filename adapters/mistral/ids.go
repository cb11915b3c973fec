package mistral

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// idLength is the length of the ids of calls. They have letters and digits alone: models
// of before tokenizer 13 refuse any other.
const idLength = 9

// ids give each id of a client one of this API: its own if it has the form, as those of
// this API's earlier answers have, else one that is made from it. The same id always
// becomes the same one, and different ids never do. The zero value is ready.
type ids struct {
	ours  map[string]string // by the client's
	taken map[string]bool
}

// of is what stands for a client's id.
func (l *ids) of(t chat.Text) string {
	client := string(t)
	if bytes.IndexByte(t, '\\') >= 0 {
		client = string(rawjson.AppendUnescaped(nil, t)) // a call and its result may spell it differently
	}
	if ours, ok := l.ours[client]; ok {
		return ours
	}
	ours := client
	if !isID(client) {
		ours = made(client, 0)
	}
	for salt := uint64(1); l.taken[ours]; salt++ {
		ours = made(client, salt)
	}
	if l.ours == nil {
		l.ours, l.taken = map[string]string{}, map[string]bool{}
	}
	l.ours[client], l.taken[ours] = ours, true
	return ours
}

func isID(s string) bool {
	for i := range len(s) {
		if c := s[i]; c|0x20-'a' >= 26 && c-'0' >= 10 {
			return false
		}
	}
	return len(s) == idLength
}

// made is an id that is made from another: its FNV-1a hash in base 62.
func made(s string, salt uint64) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	h := uint64(14695981039346656037) ^ salt*0x9e3779b97f4a7c15
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	h ^= h >> 32 // the last bytes have not reached the high bits
	var out [idLength]byte
	for i := range out {
		out[i] = digits[h%62]
		h /= 62
	}
	return string(out[:])
}
