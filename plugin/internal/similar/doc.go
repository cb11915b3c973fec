// Package similar finds questions that ask the same in nearly the same words.
//
// A text becomes a Sketch: its words in order, without what does not change the answer.
// That is decided by small tables of words, one a language; there is no model. Whatever is in
// no table has to agree, so a name, a number, a unit, a negation, a line of code or a quoted
// text that is another makes another question. Where a text is about its own words, as in
// a translation, nothing but white space is left out.
//
// It does not know what words mean: most of what asks the same in other words is not found.
package similar
