package mistral

import (
	"strconv"
	"testing"

	"github.com/postern-gateway/postern/adapters/chat"
)

func TestIDs(t *testing.T) {
	t.Parallel()
	var l ids
	theirs := map[string]string{}
	for i := range 20_000 {
		for _, client := range []string{strconv.Itoa(i), "call_" + strconv.Itoa(i), made(strconv.Itoa(i), 0)} {
			ours := l.of(chat.Text(client))
			if !isID(ours) {
				t.Fatalf("got %q for %q, want nine letters and digits", ours, client)
			}
			if other, ok := theirs[ours]; ok && other != client {
				t.Fatalf("got %q for %q and for %q, want different ones", ours, other, client)
			}
			theirs[ours] = client
		}
	}
	for ours, client := range theirs {
		if got := l.of(chat.Text(client)); got != ours {
			t.Fatalf("got %q and then %q for %q, want the same", ours, got, client)
		}
	}
	if a, b := l.of(chat.Text(`caf\u00e9`)), l.of(chat.Text("café")); a != b {
		t.Errorf("got %q and %q for two spellings of one id, want the same", a, b)
	}
	if got := l.of(chat.Text("aB3dE6gH9")); got != "aB3dE6gH9" {
		t.Errorf("got %q, want an id of this API as it is", got)
	}
}

// An id that another has already been turned into gets one of its own.
func TestIDsThatCollide(t *testing.T) {
	t.Parallel()
	var l ids
	first := l.of(chat.Text("call_1"))
	if second := l.of(chat.Text(first)); second == first || !isID(second) {
		t.Errorf("got %q for the ids call_1 and %q, want different ones", second, first)
	}
}
