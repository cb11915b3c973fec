package chat

// A Delivered is the text of an answer as it passes. Most answers end with their
// provider's own count of tokens, so the text is only kept, a little at a time, and
// counted when there is more of it or when somebody asks. Its zero value is ready.
type Delivered struct {
	estimate Estimate
	kept     []byte
}

// mostKept bounds the memory of an answer.
const mostKept = 4 << 10

// Add takes the next part of the text, as it is spelled in JSON.
func (d *Delivered) Add(t Text) {
	if len(d.kept)+len(t) > mostKept {
		d.count()
		if len(t) > mostKept {
			d.estimate.AddText(t)
			return
		}
	}
	d.kept = append(d.kept, t...)
}

// AddString takes a JSON string, with its quotes; anything else is nothing.
//
//go:noinline
func (d *Delivered) AddString(raw []byte) {
	if len(raw) >= 2 && raw[0] == '"' {
		d.Add(raw[1 : len(raw)-1])
	}
}

// Tokens is an estimate of the tokens so far.
func (d *Delivered) Tokens() int64 {
	d.count()
	return d.estimate.Tokens()
}

// Reset forgets the text and keeps the memory.
func (d *Delivered) Reset() {
	d.estimate.Reset()
	d.kept = d.kept[:0]
}

func (d *Delivered) count() {
	d.estimate.AddText(d.kept)
	d.kept = d.kept[:0]
}
