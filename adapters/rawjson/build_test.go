package rawjson_test

import (
	"testing"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

func TestBuilder(t *testing.T) {
	t.Parallel()
	b := rawjson.Builder{Dst: []byte("before:")}
	b.Raw(`{`)
	b.Text("a", []byte(`x\n`))
	b.Object("empty", func() {})
	b.Object("full", func() {
		b.Int("n", 7)
		b.Value("none", nil)
		b.Value("list", []byte(`[1]`))
	})
	b.Key("strings")
	b.Raw(`[`)
	for _, s := range []string{"a", "b"} {
		b.Comma()
		b.Str([]byte(s))
	}
	b.Raw(`]`)
	b.Const("c", "true")
	b.Raw(`}`)
	const want = `before:{"a":"x\n","full":{"n":7,"list":[1]},"strings":["a","b"],"c":true}`
	if got := string(b.Dst); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
