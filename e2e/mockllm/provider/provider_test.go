package provider

import (
	"net/http"
	"strconv"
	"testing"
)

func TestSigner(t *testing.T) {
	t.Parallel()
	s, other := Signer{[]byte("a")}, Signer{[]byte("b")}
	for _, text := range []string{"", "a thought", "日本"} {
		if got, ok := s.Open(s.Sign(text)); !ok || got != text {
			t.Errorf("got %q, %v, want %q", got, ok, text)
		}
	}
	for name, mark := range map[string]string{
		"another server's": other.Sign("x"), "nothing": "", "no base64": "*", "too short": "YWJj", "one byte more": s.Sign("x") + "YQ==",
	} {
		if got, ok := s.Open(mark); ok {
			t.Errorf("%s mark was accepted as %q", name, got)
		}
	}
}

func TestPrefixCacheIsBounded(t *testing.T) {
	t.Parallel()
	var c PrefixCache
	for i := range maxPrefixes + 1 {
		c.Add(strconv.Itoa(i))
	}
	if len(c.seen) > maxPrefixes || !c.Seen(strconv.Itoa(maxPrefixes)) || c.Seen("0") {
		t.Errorf("got %d keys, want that the full cache was emptied before the last one", len(c.seen))
	}
}

func TestAccepts(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{
		"": false, "identity": false, "gzip": true, "GZIP": true, "br;q=1, gzip;q=0.5": true, "gzip;q=0": false, "gzip ; q=0": false, "x-gzip": false,
	} {
		if got := accepts(http.Header{"Accept-Encoding": {value}}, "gzip"); got != want {
			t.Errorf("accept-encoding %q: got %v, want %v", value, got, want)
		}
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{"Bearer a": "a", "bearer  a": "a", "a": "a", "Basic a": "Basic a", "": ""} {
		if got := Token(value); got != want {
			t.Errorf("Token(%q): got %q, want %q", value, got, want)
		}
	}
}
