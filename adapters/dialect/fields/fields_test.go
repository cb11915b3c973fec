package fields_test

import (
	"strings"
	"testing"

	"github.com/postern-gateway/postern/adapters/chat"
	"github.com/postern-gateway/postern/adapters/dialect/fields"
	"github.com/postern-gateway/postern/adapters/rawjson"
)

func TestErrorsNameWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, in string
		read     func(d *fields.Reader, v rawjson.Value)
		code     string
		message  string
	}{
		{"string", `{"a":1}`, func(d *fields.Reader, v rawjson.Value) { d.Text(v.Get("a")) }, "invalid_type", "a: want a string, got number"},
		{"empty string", `{"a":""}`, func(d *fields.Reader, v rawjson.Value) { d.Filled(v.Get("a")) }, "invalid_value", "a: want a string that is not empty"},
		{"number", `{"a":"1"}`, func(d *fields.Reader, v rawjson.Value) { d.Number(v.Get("a")) }, "invalid_value", "a: want a number"},
		{"whole number", `{"a":1.5}`, func(d *fields.Reader, v rawjson.Value) { d.Integer(v.Get("a"), 0) }, "invalid_type", "a: want a whole number, got number"},
		{"too small", `{"a":-1}`, func(d *fields.Reader, v rawjson.Value) { d.Integer(v.Get("a"), 0) }, "invalid_value", "a: want at least 0"},
		{"boolean", `{"a":1}`, func(d *fields.Reader, v rawjson.Value) { d.Bool(v.Get("a")) }, "invalid_type", "a: want true or false, got number"},
		{"object", `{"a":[]}`, func(d *fields.Reader, v rawjson.Value) { d.Object(v.Get("a")) }, "invalid_type", "a: want an object, got array"},
		{"absent", `{"a":{}}`, func(d *fields.Reader, v rawjson.Value) { d.Need(v.Get("a"), "b") }, "missing_required_parameter", "a.b: is required"},
		{"the first error stays", `{"a":1}`, func(d *fields.Reader, v rawjson.Value) { d.Text(v.Get("a")); d.Bool(v.Get("a")) }, "invalid_type", "a: want a string, got number"},
		{"tool without a name", `{"a":[{"type":"function","function":{}}]}`, func(d *fields.Reader, v rawjson.Value) { d.Tools(v.Get("a")) }, "missing_required_parameter", "a[0].function.name: is required"},
		{"tool of another type", `{"a":[{"type":"custom","function":{"name":"f"}}]}`, func(d *fields.Reader, v rawjson.Value) { d.Tools(v.Get("a")) }, "invalid_value", "a[0].type: want 'function'"},
		{"too many tools", `{"a":[` + strings.Repeat(`{},`, 1024) + `{}]}`, func(d *fields.Reader, v rawjson.Value) { d.Tools(v.Get("a")) }, "invalid_value", "a: there are too many tools"},
		{"too many extras", `{"a":1}`, func(d *fields.Reader, v rawjson.Value) {
			for range 101 {
				d.Extra(v.Get("a"), v.Get("a"))
			}
		}, "unknown_parameter", "a: there are too many members that are not known"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var doc rawjson.Doc
			if err := doc.Parse([]byte(tt.in)); err != nil {
				t.Fatal(err)
			}
			d := fields.Reader{R: &chat.Request{}}
			tt.read(&d, doc.Root())
			if d.Err == nil || d.Err.Code != tt.code || d.Err.Message != tt.message || d.Err.Status != 400 {
				t.Errorf("got %+v, want %s: %s", d.Err, tt.code, tt.message)
			}
		})
	}
}
