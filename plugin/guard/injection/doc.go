// Package injection guards requests against texts that try to take over the model.
//
// A text is folded to small letters without marks and disguise, cut into words, and looked
// up in one trie of words of many languages. Each word stands for concepts: to leave off
// obeying, what came before, what a model is told. Rules are sets of concepts near each
// other, with a weight for users' text and one for text that nobody vouches for. Beside
// them every word and concept, and every pair of them, has a weight for how it is used in
// attacks and elsewhere. What is encoded or turned around is decoded and judged as well. All of it
// takes linear time.
//
// Words and rules are data, in rules.txt; package fit finds the weights and packs both.
// What is meant in a way that neither has seen is not found: that takes a model.
package injection
