package ordered

import (
	"encoding/json"
	"testing"
)

func TestObject(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		o    Object
		want string
	}{
		{"empty", nil, `{}`},
		{"keys keep their order", Of("type", "x", "a", 1, "Z", nil), `{"type":"x","a":1,"Z":null}`},
		{"objects within", Of("a", Of("c", 1, "b", []int{2})), `{"a":{"c":1,"b":[2]}}`},
		{"further members", Of("a", 1).With("b", 2), `{"a":1,"b":2}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := json.Marshal(tt.o)
			if err != nil || string(got) != tt.want {
				t.Errorf("got %s, %v, want %s", got, err, tt.want)
			}
		})
	}
}

func TestWithLeavesTheFirstAlone(t *testing.T) {
	t.Parallel()
	base := make(Object, 0, 8)
	a, b := base.With("a", 1), base.With("b", 2)
	if a[0].Key != "a" || b[0].Key != "b" || len(base) != 0 {
		t.Errorf("got %v and %v from %v", a, b, base)
	}
}
