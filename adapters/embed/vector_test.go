package embed_test

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"testing"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/embed"
)

func TestSpellings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, numbers, base64 string }{
		{"nothing", `[]`, ``},
		{"one", `[1]`, `AACAPw==`},
		{"several", `[0.5,-0.25,0]`, `AAAAPwAAgL4AAAAA`},
		{"small and large", `[1e-07,1e+20]`, `lb/WM+x4rWA=`},
	} {
		out, err := (&embed.Vector{Numbers: chat.Raw(tt.numbers)}).AppendBase64(nil)
		if err != nil || string(out) != tt.base64 {
			t.Errorf("%s: got %s, %v, want %s", tt.name, out, err, tt.base64)
		}
		out, err = (&embed.Vector{Base64: chat.Text(tt.base64)}).AppendNumbers(nil)
		if err != nil || string(out) != tt.numbers {
			t.Errorf("%s: got %s, %v, want %s", tt.name, out, err, tt.numbers)
		}
	}
}

func TestNoVector(t *testing.T) {
	t.Parallel()
	for _, s := range []string{`{}`, `["a"]`, `[1,null]`, `[1`, ``} {
		if out, err := (&embed.Vector{Numbers: chat.Raw(s)}).AppendBase64(nil); err == nil && s != "" {
			t.Errorf("%s: got %s, want an error", s, out)
		}
	}
	nan := base64.StdEncoding.EncodeToString([]byte{0, 0, 192, 127})
	for _, s := range []string{"AAA", "AAAA", "!", nan} {
		if out, err := (&embed.Vector{Base64: chat.Text(s)}).AppendNumbers(nil); err == nil {
			t.Errorf("%s: got %s, want an error", s, out)
		}
	}
}

// Whatever floats a vector has, they are the same after both ways.
func FuzzVector(f *testing.F) {
	f.Add([]byte{0, 0, 128, 63, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, packed []byte) {
		v := embed.Vector{Base64: chat.Text(base64.StdEncoding.EncodeToString(packed))}
		numbers, err := v.AppendNumbers(nil)
		if err != nil {
			return
		}
		var list []float64
		if json.Unmarshal(numbers, &list) != nil || len(list) != len(packed)/4 {
			t.Fatalf("got %s for %d floats", numbers, len(packed)/4)
		}
		back, err := (&embed.Vector{Numbers: numbers}).AppendBase64(nil)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := base64.StdEncoding.DecodeString(string(back))
		for i := range list {
			if a, b := bits(packed[4*i:]), bits(again[4*i:]); a != b {
				t.Errorf("float %d: got %v, want %v", i, math.Float32frombits(b), math.Float32frombits(a))
			}
		}
	})
}

func bits(p []byte) uint32 {
	return uint32(p[0]) | uint32(p[1])<<8 | uint32(p[2])<<16 | uint32(p[3])<<24
}
