// Package chat is the neutral form of a conversation with a model.
//
// Client dialects and providers convert to and from it once each, so none of
// them knows of another. It has no wire format of its own.
package chat

// Usage counts tokens. Input includes CachedRead, CacheWrite and ImageInput, Output
// includes Reasoning: parts are never added to their whole.
type Usage struct {
	Input, Output int64
	CachedRead    int64 // input that the provider had in its cache
	CacheWrite    int64 // input that it has put there
	ImageInput    int64 // input that is images and not in the cache, where the provider tells it apart
	Reasoning     int64 // output that the client did not see, or saw as thinking
	Seconds       int64 // of audio, where that is what is counted
	Searches      int64 // that a reranker counts
	Images        int64 // that were asked for
	Characters    int64 // of text that was to be spoken
	Estimated     bool  // counted from the bytes, not by the provider
}

// Counts reports whether there is anything in it that can cost.
func (u Usage) Counts() bool { return u.Total()+u.Seconds+u.Searches+u.Images+u.Characters > 0 }

// Total is all tokens of the exchange.
func (u Usage) Total() int64 { return u.Input + u.Output }
