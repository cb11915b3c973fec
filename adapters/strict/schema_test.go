//go:build !wasip1

package strict_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/postern-gateway/postern/adapters/strict"
)

// at follows keys and indexes into a schema.
func at(t *testing.T, schema any, path string) string {
	t.Helper()
	for key := range strings.SplitSeq(path, "/") {
		switch v := schema.(type) {
		case map[string]any:
			schema = v[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(v) {
				t.Fatalf("%s: got no element %s", path, key)
			}
			schema = v[i]
		default:
			schema = nil
		}
	}
	got, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	var c conf
	raw := strict.Describe("https://example.com/conf.json", "Configuration", c.read)
	var schema any
	if err := json.Unmarshal(raw, &schema); err != nil {
		t.Fatalf("got %v for %s, want JSON", err, raw)
	}
	for path, want := range map[string]string{
		"$schema":                         `"https://json-schema.org/draft/2020-12/schema"`,
		"$id":                             `"https://example.com/conf.json"`,
		"title":                           `"Configuration"`,
		"type":                            `"object"`,
		"additionalProperties":            `false`,
		"required":                        `["providers"]`,
		"allOf/0":                         `{"not":{"required":["admin","guard"]}}`,
		"properties/role":                 `{"default":"gateway","description":"what the filter does","enum":["gateway","attempt"],"type":"string"}`,
		"properties/models":               `{"description":"what clients may ask for","items":{"minLength":1,"type":"string"},"type":"array"}`,
		"properties/ratio":                `{"default":0.5,"description":"a share","maximum":1,"minimum":0,"type":"number"}`,
		"properties/on":                   `{"default":["request"],"description":"which way","items":{"enum":["request","response"],"type":"string"},"type":"array"}`,
		"properties/status":               `{"default":[429],"description":"what counts as failed","items":{"maximum":599,"minimum":400,"type":"integer"},"type":"array"}`,
		"properties/headers":              `{"additionalProperties":{"type":"string"},"description":"what is added","type":"object"}`,
		"properties/raw":                  `{"description":"anything"}`,
		"properties/admin":                `{"additionalProperties":false,"description":"the admin endpoint","properties":{"prefix":{"default":"/postern","description":"its path","type":"string"}},"type":"object"}`,
		"properties/retry/required":       `null`,
		"properties/cache/properties/ttl": `{"default":"10m","description":"how long (1s to 30d)","pattern":"^([0-9]+(\\.[0-9]+)?(w|d|h|m|s|ms|us))+$","type":"string"}`,
		"properties/cache/properties/max/pattern":                                       `"^[0-9]+(\\.[0-9]+)?([TGMK]iB|[TGMk]B|KB|B)$"`,
		"properties/providers/items/required":                                           `["name","type"]`,
		"properties/providers/items/properties/name":                                    `{"description":"what models refer to","minLength":1,"type":"string"}`,
		"properties/providers/items/properties/type/enum":                               `["openai","compatible"]`,
		"properties/providers/items/properties/options":                                 `{"type":"object"}`,
		"properties/providers/items/additionalProperties":                               `false`,
		"properties/providers/items/allOf/0/if":                                         `{"properties":{"type":{"const":"openai"}},"required":["type"]}`,
		"properties/providers/items/allOf/0/then/properties/options/description":        `"OpenAI"`,
		"properties/providers/items/allOf/0/then/required":                              `null`,
		"properties/providers/items/allOf/0/then/properties/options/properties/timeout": `{"default":60,"description":"in seconds","minimum":1,"type":"integer"}`,
		"properties/providers/items/allOf/1/then/required":                              `["options"]`,
		"properties/providers/items/properties/keys/items/allOf/0":                      `{"oneOf":[{"required":["env"]},{"required":["value"]},{"required":["passthrough"]}]}`,
		"properties/providers/items/properties/keys/items/properties/value":             `{"description":"the key itself","type":"string","writeOnly":true}`,
		"properties/providers/items/properties/keys/items/properties/weight":            `{"default":1,"description":"its share","maximum":100,"type":"integer"}`,
		"properties/guard/additionalProperties":                                         `null`,
		"properties/guard/unevaluatedProperties":                                        `false`,
		"properties/guard/allOf/1/then":                                                 `{"description":"finds people","properties":{"action":{"description":"what is done","enum":["mask","block"],"type":"string"}},"required":["action"]}`,
	} {
		if got := at(t, schema, path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}

func TestDescribeEndsForDeclarationsThatContainThemselves(t *testing.T) {
	t.Parallel()
	var read func(o *strict.Object)
	read = func(o *strict.Object) {
		o.Str("name", "", "")
		o.Section("not", "", read)
		o.Objects("all", "", func(_ int, o *strict.Object) { o.Str("x", "", "") })
	}
	raw := strict.Describe("", "", read)
	if !json.Valid(raw) {
		t.Errorf("got %.200s, want JSON", raw)
	}
}

// TestDescribeLeavesOutDefaultsThatAreNone leaves to prose what holds where nothing is said.
func TestDescribeLeavesOutDefaultsThatAreNone(t *testing.T) {
	t.Parallel()
	for def, want := range map[time.Duration]bool{-1: false, 0: true, time.Second: true} {
		raw := strict.Describe("", "", func(o *strict.Object) { o.Duration("ttl", "", def, 0, time.Hour) })
		if got := strings.Contains(string(raw), `"default"`); got != want {
			t.Errorf("default %v: described: got %v, want %v: %s", def, got, want, raw)
		}
	}
}

func TestDescribeReadsNothing(t *testing.T) {
	t.Parallel()
	strict.Describe("", "", func(o *strict.Object) {
		o.Fail("a", "is wrong")
		o.FailItem("a", 3, "is wrong")
		got := []any{o.Has("a"), o.Str("a", "", "d"), o.Int("b", "", 3, 0, 9), o.Objects("c", "", func(int, *strict.Object) {}), o.Object("d", "", func(*strict.Object) {}), o.Secret("e", "").Empty()}
		if want := "[false d 3 0 false true]"; fmt.Sprint(got) != want {
			t.Errorf("got %v, want %s", got, want)
		}
	})
}

// TestDescribeRefersToWhatIsThereAlready writes the elements of equal lists once.
func TestDescribeRefersToWhatIsThereAlready(t *testing.T) {
	t.Parallel()
	door := func(_ int, o *strict.Object) {
		o.Str("name", "what it is called by those who go through it, and by those who only look at it from outside", "")
		o.Int("width", "in millimetres, measured where it is narrowest", 900, 500, 3000)
	}
	raw := strict.Describe("https://example.com/house.json", "House", func(o *strict.Object) {
		o.Objects("doors", "of the house", door)
		o.Objects("rooms", "of the house", func(_ int, o *strict.Object) { o.Objects("doors", "of the room", door) })
	})
	if want := `"rooms":{"description":"of the house","type":"array","items":{"type":"object","properties":{"doors":{"description":"of the room","type":"array","items":{"$ref":"#/properties/doors/items"}}}`; !strings.Contains(string(raw), want) {
		t.Errorf("got %s, want it to contain %s", raw, want)
	}
	if n := strings.Count(string(raw), "millimetres"); n != 1 {
		t.Errorf("got the description of a door %d times, want once", n)
	}
}
