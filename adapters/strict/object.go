// Package strict reads configuration: JSON objects of which every key is declared
// once, in code, with its type, default, bounds and documentation.
//
// The same declarations run in two ways. Decode runs them on a document: what nobody
// declared, what has another type and what is out of bounds is an error that names
// its path, and all errors come at once. Describe runs them on no document and
// returns a JSON Schema. So there is nothing that could go stale beside the code.
//
//	func decodeRetry(o *strict.Object) Retry {
//		return Retry{Attempts: o.Int("attempts", "how often a request may be sent again", 2, 0, 5)}
//	}
//
// A function that declares must not depend on what was read when it decides what to
// declare: that is what Variant is for. Methods return the default where the document
// has none or an error, and while describing, so code after them needs no checks.
// Strings in errors are quoted and cut short; values of secrets never appear.
package strict

import (
	"slices"
	"strings"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

const (
	maxNodes = 1 << 22 // 64 MB of tape: a configuration is the operator's own
	maxDepth = 64

	bytesPerNode = 9 // in a configuration of many small objects
)

// An Object is one object of the document, within the call that reads it.
type Object struct {
	run    *run
	value  rawjson.Value // absent for a section that the document leaves out
	parent *Object
	key    string   // in parent, where value is absent
	names  []string // the keys declared so far
	read   uint64   // which of the first 64 members they are
	schema *schema  // nil unless describing
}

// A run is one Decode or Describe.
type run struct {
	errs  *Errors
	spare [][]string // memory for names
}

// Decode reads src, which must be one JSON object, by what read declares. The error
// is nil or *Errors with everything that is wrong.
func Decode(src []byte, read func(o *Object)) error {
	r := &run{errs: &Errors{}}
	doc := rawjson.Doc{MaxNodes: maxNodes, MaxDepth: maxDepth}
	doc.Grow(len(src) / bytesPerNode)
	if err := doc.Parse(src); err != nil {
		r.syntax(err)
		return r.errs
	}
	root := doc.Root()
	if root.Kind() != rawjson.Object {
		r.errs.add("", "want an object, got "+root.Kind().String())
		return r.errs
	}
	o := &Object{run: r, value: root}
	read(o)
	o.finish()
	if len(r.errs.List) > 0 {
		return r.errs
	}
	return nil
}

// child begins the object at value, or the one that the document leaves out.
func (o *Object) child(value rawjson.Value, key string) *Object {
	c := &Object{run: o.run, value: value, parent: o, key: key}
	if n := len(o.run.spare); n > 0 {
		c.names = o.run.spare[n-1]
		o.run.spare = o.run.spare[:n-1]
	}
	return c
}

// finish reports the keys that nobody declared.
func (o *Object) finish() {
	if n := o.value.Len(); n > 64 || o.read != 1<<n-1 {
		o.unknown()
	}
	if o.names != nil {
		o.run.spare = append(o.run.spare, o.names[:0])
		o.names = nil
	}
}

func (o *Object) unknown() {
	for it := o.value.Members(); it.Next(); {
		k := it.Key
		if !declared(o.names, k) {
			o.run.errs.add(k.Path(), "unknown key"+Near(k.Str(), o.names))
		}
	}
}

func declared(names []string, key rawjson.Value) bool {
	for _, n := range names {
		if key.Is(n) {
			return true
		}
	}
	return false
}

// get declares key and returns its value. present is false also while describing.
func (o *Object) get(key string) (v rawjson.Value, present bool) {
	o.names = append(o.names, key)
	place, v := o.value.Member(key)
	if place >= 0 && place < 64 {
		o.read |= 1 << place
	}
	return v, place >= 0
}

// path is where o is in the document.
func (o *Object) path() string {
	if o.value.Exists() || o.parent == nil {
		return o.value.Path()
	}
	return rawjson.JoinPath(o.parent.path(), o.key)
}

// Fail reports that the value of key, or with key "" the object itself, is wrong for
// a reason that its declaration cannot express: "names no provider".
func (o *Object) Fail(key, problem string) {
	if o.describing() {
		return
	}
	if key == "" {
		o.run.errs.add(o.path(), problem)
		return
	}
	o.run.errs.add(rawjson.JoinPath(o.path(), key), problem)
}

// FailItem reports that item i of the list at key is wrong.
func (o *Object) FailItem(key string, i int, problem string) {
	if v := o.value.Get(key).At(i); v.Exists() {
		o.run.errs.add(v.Path(), problem)
		return
	}
	o.Fail(key, problem)
}

// want reports that v is not what its declaration asks for.
func (o *Object) want(v rawjson.Value, want, got string) {
	o.run.errs.add(v.Path(), "want "+want+", got "+got)
}

// wantKind is want for a value of another type.
func (o *Object) wantKind(v rawjson.Value, want string) {
	o.want(v, want, v.Kind().String())
}

// Has reports whether the document has key, without declaring it. It is false while
// describing.
//
//go:noinline
func (o *Object) Has(key string) bool { return o.value.Get(key).Exists() }

// Require makes keys mandatory. An empty string counts as missing.
func (o *Object) Require(keys ...string) {
	if o.describing() {
		o.schema.require(keys)
		return
	}
	for _, key := range keys {
		switch v := o.value.Get(key); {
		case !v.Exists():
			o.Fail(key, "missing")
		case v.Is(""):
			o.Fail(key, "must not be empty")
		}
	}
}

// Only reports every key of the document but some, for one reason.
func (o *Object) Only(problem string, keys ...string) {
	for it := o.value.Members(); it.Next(); {
		if !declared(keys, it.Key) {
			o.run.errs.add(it.Key.Path(), problem)
		}
	}
}

// ExactlyOne demands one of keys, which are declared elsewhere.
func (o *Object) ExactlyOne(keys ...string) {
	if o.describing() {
		o.schema.exactlyOne(keys)
		return
	}
	if o.count(keys) != 1 {
		o.Fail("", "want exactly one of "+list(keys)+", got "+list(o.present(keys)))
	}
}

// AtMostOne refuses more than one of keys, which are declared elsewhere.
func (o *Object) AtMostOne(keys ...string) {
	if o.describing() {
		o.schema.atMostOne(keys)
		return
	}
	if o.count(keys) > 1 {
		o.Fail("", "want at most one of "+list(keys)+", got "+list(o.present(keys)))
	}
}

func (o *Object) count(keys []string) int {
	n := 0
	for _, key := range keys {
		if o.Has(key) {
			n++
		}
	}
	return n
}

func (o *Object) present(keys []string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return !o.Has(key) })
}

// list is names as prose: "a", "b" and "c".
func list(names []string) string {
	var b strings.Builder
	for i, name := range names {
		switch {
		case i > 0 && i == len(names)-1:
			b.WriteString(" and ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString(Quote(name))
	}
	if len(names) == 0 {
		return "none"
	}
	return b.String()
}

// Object reads the object at key, if the document has it, and reports whether it does.
func (o *Object) Object(key, doc string, read func(o *Object)) bool {
	v, present := o.get(key)
	if o.describing() {
		o.schema.object(key, doc, read)
		return false
	}
	if !present {
		return false
	}
	if v.Kind() != rawjson.Object {
		o.wantKind(v, "an object")
		return false
	}
	o.readChild(v, key, read)
	return true
}

// Section reads the object at key like Object, and an empty one where the document
// has none, so that its defaults hold and its required keys are missed.
func (o *Object) Section(key, doc string, read func(o *Object)) {
	if o.describing() {
		o.schema.section(key, doc, read)
		return
	}
	if o.Has(key) {
		o.Object(key, doc, read)
		return
	}
	o.get(key)
	o.readChild(rawjson.Value{}, key, read)
}

func (o *Object) readChild(v rawjson.Value, key string, read func(o *Object)) {
	c := o.child(v, key)
	read(c)
	c.finish()
}

// Objects reads each object of the list at key, in order, and returns how many there are.
func (o *Object) Objects(key, doc string, read func(i int, o *Object)) int {
	v, present := o.get(key)
	if o.describing() {
		o.schema.objects(key, doc, read)
		return 0
	}
	if !present {
		return 0
	}
	if v.Kind() != rawjson.Array {
		o.wantKind(v, "a list of objects")
		return 0
	}
	for it := v.Items(); it.Next(); {
		i, e := it.Index, it.Value
		if e.Kind() != rawjson.Object {
			o.wantKind(e, "an object")
			continue
		}
		c := o.child(e, key)
		read(i, c)
		c.finish()
	}
	return v.Len()
}

// A Variant is one of the forms that an object can have.
type Variant struct {
	Name string
	Doc  string
	Read func(o *Object)
}

// Variant reads the string at key, which must name one of the variants, and by it
// what is read further: the section at options, or with options "" more keys of the
// same object. It returns the name, or "" after an error.
func (o *Object) Variant(key, doc, options string, variants []Variant) string {
	v, present := o.get(key)
	if options != "" {
		o.names = append(o.names, options)
	}
	if o.describing() {
		o.schema.variants(key, doc, options, variants)
		return ""
	}
	for _, variant := range variants {
		switch {
		case !v.Is(variant.Name):
		case options == "":
			variant.Read(o)
			return variant.Name
		default:
			o.Section(options, "", variant.Read)
			return variant.Name
		}
	}
	// What cannot be read is not unknown: without its variant nobody can tell.
	for it := o.value.Members(); it.Next(); {
		k := it.Key
		if options == "" {
			o.names = append(o.names, k.Str())
		}
	}
	names := make([]string, len(variants))
	for i := range variants {
		names[i] = variants[i].Name
	}
	switch {
	case !present:
		o.Fail(key, "missing; want "+oneOf(names))
	case v.Kind() != rawjson.String:
		o.wantKind(v, oneOf(names))
	default:
		o.want(v, oneOf(names), Quote(v.Str())+Near(v.Str(), names))
	}
	return ""
}

// Raw declares key and returns its value, whatever it is: for what is passed on.
func (o *Object) Raw(key, doc string) rawjson.Value {
	v, _ := o.get(key)
	if o.describing() {
		o.schema.add(key, property{doc: doc})
	}
	return v
}

// Value is what the document has at key, without declaring it; absent while describing.
func (o *Object) Value(key string) rawjson.Value { return o.value.Get(key) }

// FailAt reports that something within a value of Raw is wrong.
func (o *Object) FailAt(v rawjson.Value, problem string) { o.run.errs.add(v.Path(), problem) }
