package rawjson_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

func TestWriterSetsCommas(t *testing.T) {
	t.Parallel()
	var w rawjson.Writer
	for range 2 {
		w.Reset()
		w.Object()
		w.Key("a").Int(1)
		w.Key("b\n").Array().EndArray()
		w.Key("c").Array().Object().EndObject().Object().Key("x").Null().EndObject().Str("s,").StrBytes([]byte("[")).Str("{").Bool(true).Float(1.5).Raw([]byte(` [0] `)).Array().Array().EndArray().EndArray().EndArray()
		w.Key("d").Raw(nil)
		w.EndObject()
		const want = `{"a":1,"b\n":[],"c":[{},{"x":null},"s,","[","{",true,1.5, [0] ,[[]]],"d":null}`
		if got := string(w.Bytes()); got != want || w.Len() != len(want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	parse(t, string(w.Bytes()))
}

func TestWriterKeepsWhatIsInFront(t *testing.T) {
	t.Parallel()
	var w rawjson.Writer
	w.Use([]byte("data: "))
	w.Object().Key("a").Int(1).EndObject()
	w.Use(append(w.Bytes(), "\n1"...))
	w.Array().EndArray()
	if got, want := string(w.Bytes()), "data: {\"a\":1}\n1[]"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAppendFloat(t *testing.T) {
	t.Parallel()
	for _, f := range []float64{0, 1, -1.5, 0.1, 1e20, 1e21, 1e22, 1e-6, 1e-7, 123456789.125, math.MaxFloat64, math.SmallestNonzeroFloat64} {
		got := rawjson.AppendFloat(nil, f)
		var back float64
		if err := json.Unmarshal(got, &back); err != nil || back != f {
			t.Errorf("%v: got %s, which reads %v, %v", f, got, back, err)
		}
	}
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if got := string(rawjson.AppendFloat(nil, f)); got != "null" {
			t.Errorf("%v: got %s, want null", f, got)
		}
	}
}

func TestAppendDoesNotAllocateWhereThereIsRoom(t *testing.T) {
	buf := make([]byte, 0, 4096)
	var w rawjson.Writer
	w.Use(buf)
	text := []byte("some \"text\"\nwith escapes é and more text that follows")
	if got := testing.AllocsPerRun(20, func() {
		w.Reset()
		w.Object().Key("k").Str("v\n").Key("t").StrBytes(text).Key("n").Int(12).Key("f").Float(0.5).EndObject()
	}); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}
