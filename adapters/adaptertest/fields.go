package adaptertest

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A Difference is a field of a request that another has not, or has otherwise.
type Difference struct {
	Kind     string // lost, added, changed or moved
	Path     string // seed, messages[].text.cache_control.type
	From, To string // the values, cut short
}

// A Form takes the messages of one dialect's requests apart.
type Form func(request map[string]any) []Item

// An Item is a part of a conversation: a text, an image, a call, a result.
type Item struct {
	Kind   string // names it in paths
	Key    string // what it says, by which it is found in the other request
	Fields map[string]any
}

// Fields compares two requests of one dialect field by field: got with want. The parts
// of messages are compared in order, wherever messages begin and end; an item's field
// "begins" tells that. What is only spelled differently is no difference: a string and
// one text, null and nothing, arguments of calls that are the same JSON.
func Fields(form Form, got, want []byte) ([]Difference, int, error) {
	g, err := Value(got)
	if err != nil {
		return nil, 0, err
	}
	w, err := Value(want)
	if err != nil {
		return nil, 0, err
	}
	gm, wm := g.(map[string]any), w.(map[string]any)
	d := &differ{}
	d.items(form(gm), form(wm))
	delete(gm, "messages")
	delete(wm, "messages")
	d.leaves("", flat(gm), flat(wm))
	slices.SortStableFunc(d.list, func(a, b Difference) int { return strings.Compare(a.Path, b.Path) })
	return d.list, d.compared, nil
}

type differ struct {
	list     []Difference
	compared int
}

func (d *differ) add(kind, path string, from, to any) {
	d.list = append(d.list, Difference{kind, path, show(from), show(to)})
}

// show is a value for the report.
func show(v any) string {
	if v == nil {
		return ""
	}
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	if len(b) > 80 {
		return strings.ToValidUTF8(string(b[:80]), "") + "…"
	}
	return string(b)
}

// flat are the leaves of a value by their paths. Nulls and empty lists and objects are nothing.
func flat(v any) map[string]any {
	out := map[string]any{}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case nil:
		case map[string]any:
			for k, m := range v {
				if path != "" {
					k = path + "." + k
				}
				walk(k, m)
			}
		case []any:
			for i, e := range v {
				walk(path+"["+strconv.Itoa(i)+"]", e)
			}
		default:
			out[path] = v
		}
	}
	walk("", v)
	return out
}

func (d *differ) leaves(prefix string, got, want map[string]any) {
	for _, k := range slices.Sorted(maps.Keys(want)) {
		d.compared++
		switch g, ok := got[k]; {
		case !ok:
			d.add("lost", prefix+k, want[k], nil)
		case !reflect.DeepEqual(g, want[k]):
			d.add("changed", prefix+k, want[k], g)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[k]; !ok {
			d.compared++
			d.add("added", prefix+k, nil, got[k])
		}
	}
}

// items pairs the items that say the same, in order; then those that moved; then those
// of one kind between the same neighbours, which say something else now.
func (d *differ) items(got, want []Item) {
	pairs := align(got, want)
	leftG, leftW := rest(len(got), pairs, 0), rest(len(want), pairs, 1)
	for _, p := range pairs {
		d.item(&got[p[0]], &want[p[1]])
	}
	pair := func(same func(g, w *Item) bool, then func(g, w *Item)) {
		leftW = slices.DeleteFunc(leftW, func(w int) bool {
			for i, g := range leftG {
				if same(&got[g], &want[w]) {
					then(&got[g], &want[w])
					leftG = slices.Delete(leftG, i, i+1)
					return true
				}
			}
			return false
		})
	}
	pair(func(g, w *Item) bool { return g.Kind == w.Kind && g.Key == w.Key }, func(g, w *Item) {
		d.add("moved", "messages[]."+w.Kind, w.Key, nil)
		d.item(g, w)
	})
	pair(func(g, w *Item) bool { return g.Kind == w.Kind }, d.item)
	for _, w := range leftW {
		d.add("lost", "messages[]."+want[w].Kind, want[w].Key, nil)
	}
	for _, g := range leftG {
		d.add("added", "messages[]."+got[g].Kind, nil, got[g].Key)
	}
}

func (d *differ) item(got, want *Item) {
	d.leaves("messages[]."+want.Kind+".", flat(got.Fields), flat(want.Fields))
}

// align is the longest common subsequence of the items' kinds and keys.
func align(got, want []Item) [][2]int {
	n, m := len(got), len(want)
	length := make([][]int, n+1)
	for i := range length {
		length[i] = make([]int, m+1)
	}
	same := func(i, k int) bool { return got[i].Kind == want[k].Kind && got[i].Key == want[k].Key }
	for i := n - 1; i >= 0; i-- {
		for k := m - 1; k >= 0; k-- {
			if same(i, k) {
				length[i][k] = length[i+1][k+1] + 1
			} else {
				length[i][k] = max(length[i+1][k], length[i][k+1])
			}
		}
	}
	var pairs [][2]int
	for i, k := 0, 0; i < n && k < m; {
		switch {
		case same(i, k):
			pairs = append(pairs, [2]int{i, k})
			i, k = i+1, k+1
		case length[i+1][k] >= length[i][k+1]:
			i++
		default:
			k++
		}
	}
	return pairs
}

func rest(n int, pairs [][2]int, side int) []int {
	used := map[int]bool{}
	for _, p := range pairs {
		used[p[side]] = true
	}
	var out []int
	for i := range n {
		if !used[i] {
			out = append(out, i)
		}
	}
	return out
}

// list is a content as a list of parts: a string is one text.
func list(content any) []map[string]any {
	switch c := content.(type) {
	case string:
		return []map[string]any{{"type": "text", "text": c}}
	case []any:
		var out []map[string]any
		for _, e := range c {
			if m, ok := e.(map[string]any); ok {
				out = append(out, m)
			}
		}
		return out
	}
	return nil
}

// text is a value as a key.
func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return fmt.Sprint(v)
}
