package sigv4

// AppendStamp is for tests.
func AppendStamp(dst []byte, seconds int64) []byte { return appendStamp(dst, seconds) }
