package rawjson

import "strconv"

// A SyntaxError says where a document is not acceptable and why. It holds no value
// of the document, only keys on the way to the place, cut short.
type SyntaxError struct {
	Offset  int    // of the byte at fault
	Path    string // of the value it is in: messages[3].content; empty at the top
	Problem string
}

// Error is path, problem and offset in one line.
func (e *SyntaxError) Error() string {
	s := e.Problem + " at byte " + strconv.Itoa(e.Offset)
	if e.Path != "" {
		s = e.Path + ": " + s
	}
	return s
}

// A fault is a reason to refuse a document; 0 is none.
type fault uint8

const (
	badEnd fault = iota + 1
	badValue
	badKey
	badColon
	badSeparator
	badTrailing
	badControl
	badUTF8
	badEscape
	badSurrogate
	badNumber
	badRepeat
	badDepth
	badNodes
	badSize
)

func (f fault) String() string {
	switch f {
	case badEnd:
		return "unexpected end of the document"
	case badValue:
		return "want a value"
	case badKey:
		return "want a key in double quotes"
	case badColon:
		return "want a colon after the key"
	case badSeparator:
		return "want a comma or the closing bracket"
	case badTrailing:
		return "want nothing after the document"
	case badControl:
		return "control character in a string"
	case badUTF8:
		return "string is not UTF-8"
	case badEscape:
		return "unknown escape in a string"
	case badSurrogate:
		return "escape of half a surrogate pair"
	case badNumber:
		return "malformed number"
	case badRepeat:
		return "key appears twice"
	case badDepth:
		return "nested too deeply"
	case badNodes:
		return "too many values"
	case badSize:
		return "document too large"
	}
	return "no fault"
}

// fail builds the error for a fault at offset at, while the stack still tells where
// that is.
func (d *Doc) fail(at int, bad fault) error {
	var path []byte
	for _, f := range d.stack {
		switch {
		case !f.object:
			path = appendIndex(path, int(f.count))
		case f.key != 0:
			path = d.appendKey(path, f.key)
		}
	}
	return &SyntaxError{at, string(path), bad.String()}
}
