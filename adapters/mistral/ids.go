package mistral

import (
	"bytes"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

// idLength is the length of the ids of calls. They have letters and digits alone: models
// of before tokenizer 13 refuse any other.
const idLength = 9

// An id is a client's id of a call and what stands for it in the request.
type id struct {
	client []byte
	ours   [idLength]byte
}

// ids give each id of a client one of this API: its own if it has the form, as those of
// this API's earlier answers have, else one that is made from it. The same id always
// becomes the same one, and different ids never do.
type ids []id

// of is what stands for a client's id.
func (l *ids) of(t chat.Text) []byte {
	client := []byte(t)
	if bytes.IndexByte(t, '\\') >= 0 {
		client = rawjson.AppendUnescaped(nil, t) // a call and its result may spell it differently
	}
	for i := range *l {
		if e := &(*l)[i]; bytes.Equal(e.client, client) {
			return e.ours[:]
		}
	}
	n := id{client: client}
	if isID(client) {
		copy(n.ours[:], client)
	} else {
		n.ours = made(client, 0)
	}
	for salt := uint64(1); l.taken(&n); salt++ {
		n.ours = made(client, salt)
	}
	*l = append(*l, n)
	return (*l)[len(*l)-1].ours[:]
}

func (l *ids) taken(n *id) bool {
	for i := range *l {
		if (*l)[i].ours == n.ours {
			return true
		}
	}
	return false
}

func isID(p []byte) bool {
	for _, c := range p {
		if c|0x20-'a' >= 26 && c-'0' >= 10 {
			return false
		}
	}
	return len(p) == idLength
}

// made is an id that is made from another: its FNV-1a hash in base 62.
func made(p []byte, salt uint64) (out [idLength]byte) {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	h := uint64(14695981039346656037) ^ salt*0x9e3779b97f4a7c15
	for _, c := range p {
		h = (h ^ uint64(c)) * 1099511628211
	}
	h ^= h >> 32 // the low digits are taken, and the last bytes have reached only the low bits
	for i := range out {
		out[i] = digits[h%62]
		h /= 62
	}
	return out
}
