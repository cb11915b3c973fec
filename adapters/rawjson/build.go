package rawjson

// A Builder writes one object after another from what is JSON already: texts that are
// escaped, values that are spelled. It sets the commas. Like a Writer it does not check
// that what is written is balanced; unlike one it works in its caller's memory, and its
// methods are calls, for providers have hundreds of them and the module's size counts.
type Builder struct{ Dst []byte }

// Raw appends syntax, or anything else as it is.
//
//go:noinline
func (b *Builder) Raw(s string) { b.Dst = append(b.Dst, s...) }

// Put appends bytes as they are.
//
//go:noinline
func (b *Builder) Put(p []byte) { b.Dst = append(b.Dst, p...) }

// Comma separates a member or an element from the one before it.
//
//go:noinline
func (b *Builder) Comma() {
	if n := len(b.Dst); n > 0 {
		switch b.Dst[n-1] {
		case '{', '[', ':':
		default:
			b.Dst = append(b.Dst, ',')
		}
	}
}

// Key begins a member, whose key needs no escapes.
//
//go:noinline
func (b *Builder) Key(k string) {
	b.Comma()
	b.Dst = append(append(append(b.Dst, '"'), k...), '"', ':')
}

// Str writes a string that is escaped already.
//
//go:noinline
func (b *Builder) Str(escaped []byte) {
	b.Dst = append(append(append(b.Dst, '"'), escaped...), '"')
}

// Quote writes a member that is a string, not escaped yet.
//
//go:noinline
func (b *Builder) Quote(k, s string) {
	b.Key(k)
	b.Dst = AppendString(b.Dst, s)
}

// Text writes a member that is a string, escaped already.
//
//go:noinline
func (b *Builder) Text(k string, escaped []byte) {
	b.Key(k)
	b.Str(escaped)
}

// Value writes a member that is JSON already, if there is one.
//
//go:noinline
func (b *Builder) Value(k string, raw []byte) {
	if len(raw) > 0 {
		b.Key(k)
		b.Put(raw)
	}
}

// Int writes a member that is a whole number.
//
//go:noinline
func (b *Builder) Int(k string, n int64) {
	b.Key(k)
	b.Dst = AppendInt(b.Dst, n)
}

// Const writes a member whose value is known: true, or "json" with its quotes.
//
//go:noinline
func (b *Builder) Const(k, value string) {
	b.Key(k)
	b.Raw(value)
}

// Object writes a member that is an object, and nothing if it stays empty.
//
//go:noinline
func (b *Builder) Object(k string, fill func()) {
	before := len(b.Dst)
	b.Key(k)
	b.Raw(`{`)
	from := len(b.Dst)
	if fill(); len(b.Dst) == from {
		b.Dst = b.Dst[:before]
		return
	}
	b.Raw(`}`)
}
