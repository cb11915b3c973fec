package archive_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/plugin/internal/archive"
	"github.com/postern-gateway/postern/plugin/internal/state"
	"github.com/postern-gateway/postern/plugin/internal/state/statetest"
)

const (
	second = int64(1_000_000_000)
	now    = 1_800_000_000 * second // 2027-01-15T08:00:00Z
)

var whole = archive.Share{Part: 1, Of: 1}

// tables are two of a host, whose records are texts without an exclamation mark.
func tables(h state.Host) []archive.Part {
	valid := func(_ *state.Table, _ state.ID, value []byte) bool {
		return len(value) > 0 && len(value) <= 8 && !strings.Contains(string(value), "!")
	}
	var parts []archive.Part
	for _, name := range []string{"a", "b"} {
		parts = append(parts, archive.Part{Name: name, Table: state.New(h, "s", name, state.Shape{Buckets: 4, Ways: 16, Bytes: 8}), Valid: valid})
	}
	return parts
}

func put(tb testing.TB, p archive.Part, name, value string, expires int64) {
	tb.Helper()
	if err := p.Table.Update(p.Table.ID(name), now, func([]byte) ([]byte, int64) { return []byte(value), expires }); err != nil {
		tb.Fatal(err)
	}
}

func get(p archive.Part, name string) string {
	var r state.Record
	p.Table.Load(&r, p.Table.ID(name), now)
	return string(r.Value())
}

func export(tb testing.TB, parts []archive.Part, share archive.Share) string {
	tb.Helper()
	text, err := archive.Append(nil, "s", "n", parts, share, now, 1<<20)
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

func TestThereAndBack(t *testing.T) {
	t.Parallel()
	from := tables(&statetest.Host{})
	put(t, from[0], "x", "one", now+second/2)
	put(t, from[0], "y", "\x00\xff", math.MaxInt64)
	put(t, from[1], "x", "two", now+2*second)
	text := export(t, from, whole)
	if !strings.HasPrefix(text, `{"format":"postern-state","version":1,"space":"s","names":"n","time":"2027-01-15T08:00:00Z"}`+"\n") {
		t.Errorf("got the first line of %q", text)
	}
	to := tables(&statetest.Host{})
	put(t, to[0], "x", "old", math.MaxInt64)
	put(t, to[0], "z", "stays", math.MaxInt64)
	for range 2 { // the second time changes nothing
		r, err := archive.Restore([]byte(text), "n", to, now)
		if err != nil || r != (archive.Result{Records: 3, Stored: 3}) {
			t.Fatalf("got %+v, %v, want 3 records stored", r, err)
		}
		for _, tt := range []struct {
			part       int
			name, want string
		}{{0, "x", "one"}, {0, "y", "\x00\xff"}, {0, "z", "stays"}, {1, "x", "two"}, {1, "y", ""}} {
			if got := get(to[tt.part], tt.name); got != tt.want {
				t.Errorf("%s of table %d: got %q, want %q", tt.name, tt.part, got, tt.want)
			}
		}
	}
	if again := export(t, to[1:], whole); again != export(t, from[1:], whole) {
		t.Errorf("exported again: got %q", again)
	}
}

func TestWhatIsOverIsNotStored(t *testing.T) {
	t.Parallel()
	from := tables(&statetest.Host{})
	put(t, from[0], "x", "x", now+second)
	put(t, from[0], "y", "y", now+9*second)
	to := tables(&statetest.Host{})
	r, err := archive.Restore([]byte(export(t, from, whole)), "n", to, now+second)
	if err != nil || r != (archive.Result{Records: 2, Stored: 1, Over: 1}) || get(to[0], "x") != "" || get(to[0], "y") != "y" {
		t.Errorf("got %+v, %v, want one of two stored", r, err)
	}
}

func TestShares(t *testing.T) {
	t.Parallel()
	from, to := tables(&statetest.Host{}), tables(&statetest.Host{})
	for i := range 40 {
		put(t, from[0], strconv.Itoa(i), "v"+strconv.Itoa(i), math.MaxInt64)
	}
	total := 0
	for part := 1; part <= 3; part++ {
		r, err := archive.Restore([]byte(export(t, from, archive.Share{Part: part, Of: 3})), "n", to, now)
		if err != nil || r.Stored == 0 || r.Stored == 40 {
			t.Errorf("part %d: got %+v, %v", part, r, err)
		}
		total += r.Stored
	}
	if total != 40 || export(t, to, whole) == export(t, tables(&statetest.Host{}), whole) {
		t.Errorf("got %d records in three parts, want 40", total)
	}
	for text, want := range map[string]bool{"1/1": true, "4/4": true, "256/256": true, "": false, "1": false, "0/4": false, "5/4": false, "1/257": false, "a/b": false, "1/": false} {
		if _, ok := archive.ReadShare(text); ok != want {
			t.Errorf("share %q: got %v, want %v", text, ok, want)
		}
	}
}

func TestTooLong(t *testing.T) {
	t.Parallel()
	from := tables(&statetest.Host{})
	for i := range 40 {
		put(t, from[0], strconv.Itoa(i), "value", math.MaxInt64)
	}
	text, err := archive.Append(nil, "s", "n", from, whole, now, 1000)
	if err != archive.ErrTooLong || len(text) > 1200 {
		t.Errorf("got %d bytes and %v, want ErrTooLong", len(text), err)
	}
}

const (
	head = `{"format":"postern-state","version":1,"names":"n"}` + "\n"
	good = `{"table":"a","id":"AAAAAAAAAAAAAAAAAAAAAA==","value":"eA=="}` + "\n"
	end1 = `{"end":1}` + "\n"
)

// A text that is wrong anywhere stores nothing, and the error says where.
func TestRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ about, text, want string }{
		{"nothing", "", "line 1: "},
		{"no JSON", "hello\n", "line 1: "},
		{"another format", `{"format":"redis","version":1}` + "\n" + end1, `line 1: format: want "postern-state"`},
		{"another version", `{"format":"postern-state","version":2,"names":"n"}` + "\n" + end1, "line 1: version: "},
		{"names by other keys", `{"format":"postern-state","version":1,"names":"m"}` + "\n" + end1, "line 1: names: this is of a gateway whose admin endpoint has other keys"},
		{"no names", `{"format":"postern-state","version":1}` + "\n" + end1, "line 1: names: missing"},
		{"no version", `{"format":"postern-state","names":"n"}` + "\n" + end1, "line 1: version: missing"},
		{"an unknown key in the head", `{"format":"postern-state","version":1,"names":"n","x":1}` + "\n" + end1, "line 1: x: unknown key"},
		{"no records and no end", head, "line 2: "},
		{"cut behind a record", head + good, "line 3: "},
		{"cut within a record", head + good + good[:30], "line 3: "},
		{"a record is missing", head + good + `{"end":2}` + "\n", "line 3: want the number of records, 1"},
		{"a record too many", head + good + good + end1, "line 4: want the number of records, 2"},
		{"something behind the end", head + good + end1 + good, "line 3: want the number of records"},
		{"a blank line", head + "\n" + good + end1, "line 2: "},
		{"an unknown table", head + strings.Replace(good, `"a"`, `"c"`, 1) + end1, `line 2: table: want one of "a" and "b", got "c"`},
		{"no table", head + `{"id":"AAAAAAAAAAAAAAAAAAAAAA==","value":"eA=="}` + "\n" + end1, "line 2: table: missing"},
		{"an id that is short", head + strings.Replace(good, "AAAA", "", 1) + end1, "line 2: id: want 16 bytes"},
		{"no base64", head + strings.Replace(good, "eA==", "e!==", 1) + end1, "line 2: value: this is no record"},
		{"base64 with bits behind its end", head + strings.Replace(good, "eA==", "eB==", 1) + end1, "line 2: value: this is no record"},
		{"no record of the table", head + strings.Replace(good, "eA==", "IQ==", 1) + end1, "line 2: value: this is no record"},
		{"an empty value", head + strings.Replace(good, "eA==", "", 1) + end1, "line 2: value: must not be empty"},
		{"an unknown key", head + strings.Replace(good, `"id"`, `"x":1,"id"`, 1) + end1, "line 2: x: unknown key"},
		{"a key twice", head + strings.Replace(good, `"id"`, `"table":"b","id"`, 1) + end1, "line 2: "},
		{"no time", head + strings.Replace(good, `"id"`, `"expires":"soon","id"`, 1) + end1, "line 2: expires: want a time"},
		{"a time beyond all", head + strings.Replace(good, `"id"`, `"expires":"9999-01-01T00:00:00Z","id"`, 1) + end1, "line 2: expires: want a time"},
		{"an end with more", head + good + `{"end":1,"x":1}` + "\n", "line 3: x: unknown key"},
		{"the second of two is wrong", head + good + good[:20] + "\n" + `{"end":2}` + "\n", "line 3: "},
	} {
		h := &statetest.Host{}
		r, err := archive.Restore([]byte(tt.text), "n", tables(h), now)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.about, err, tt.want)
		}
		if names, _ := h.Size(); names != 0 || r != (archive.Result{}) {
			t.Errorf("%s: got %+v and %d names, want nothing stored", tt.about, r, names)
		}
	}
	if r, err := archive.Restore([]byte(head+good+end1), "n", tables(&statetest.Host{}), now); err != nil || r.Stored != 1 {
		t.Errorf("the good one: got %+v, %v", r, err)
	}
}

// FuzzRestore: no text makes it panic, a text that is refused stores nothing, and what is
// accepted is exported as something that is accepted and stores the same.
func FuzzRestore(f *testing.F) {
	from := tables(&statetest.Host{})
	put(f, from[0], "x", "one", now+second)
	put(f, from[1], "y", "two", math.MaxInt64)
	f.Add([]byte(export(f, from, whole)))
	f.Add([]byte(head + good + end1))
	f.Add([]byte(head + `{"end":0}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		h := &statetest.Host{}
		parts := tables(h)
		r, err := archive.Restore(text, "n", parts, now)
		if err != nil {
			if names, _ := h.Size(); names != 0 {
				t.Errorf("got %v and %d names, want none", err, names)
			}
			return
		}
		first := export(t, parts, whole)
		again := tables(&statetest.Host{})
		r2, err := archive.Restore([]byte(first), "n", again, now)
		if err != nil || r2.Over != 0 || r2.Stored > r.Stored {
			t.Fatalf("what was exported: got %+v, %v; the first had %+v", r2, err, r)
		}
		if second := export(t, again, whole); len(second) != len(first) {
			t.Errorf("got %q, want %q", second, first)
		}
	})
}
