// Package redact finds what should not leave in a text, and changes it so that it can be
// put back.
//
// A Scanner reads a text in one pass: it goes from token to token and looks closer only at
// those with a digit, an @ or another sign in them, by hand-written checks with checksums,
// ranges, boundaries and the words to the left. It works on pieces of a text and finds the
// same wherever they are cut: a check that would have to look beyond what has arrived makes
// the scanner wait, and so no decision rests on where a piece ends.
//
// What cannot be known by looking at characters (names, addresses) it does not find.
package redact
