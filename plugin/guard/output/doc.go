// Package output guards answers: the system prompt in them, links and images that lead
// elsewhere, and words that must not be said.
//
// Each of its readers sees the answer as it comes and holds back no more than what can
// still become something: the last few words, a link that has not ended, the beginning of
// a word. What a reader finds does not depend on where the answer is cut.
package output
