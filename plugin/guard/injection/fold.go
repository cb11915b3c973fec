package injection

import "unicode/utf8"

// What a rune is for those who read words.
const (
	separator = iota
	letter    // of a script that puts spaces between words
	dense     // of a script that does not: each is a place where a word can begin
	invisible // shows nothing, so that it can cut or carry words unseen
	tag       // shows nothing and carries a byte
)

// Latin letters by their base, from U+00C0, from U+1E00 and from U+1D00; a dot is none.
const (
	latin = "aaaaaaaceeeeiiiidnooooo.ouuuuypsaaaaaaaceeeeiiiidnooooo.ouuuuypy" +
		"aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkkllllllllll" +
		"nnnnnnnnnoooooooorrrrrrsssssssstttttt" + "uuuuuuuuuuuuwwyyyzzzzzzs"
	extended = "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnnnnoooooooopppp" +
		"rrrrrrrrssssssssssttttttttuuuuuuuuuuvvvvwwwwwwwwwwxxxxyyzzzzzzhtwya" + "s...." +
		"aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeeeeeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy" + "......"
	phonetic = "aa.bcdde..jklmnoo....o..prrtu...vwze"
)

// foldRune gives what a rune beyond ASCII stands for: small letters, without marks and
// without shape, after a part of https://www.unicode.org/reports/tr15/ (NFKC) that words
// of attacks are written in.
func foldRune(r rune) (rune, int) {
	switch {
	case r < 0x0250:
		return foldLatin(r)
	case r < 0x0370:
		return foldPhonetic(r)
	case r < 0x0530:
		return foldGreekCyrillic(r)
	case r < 0x0900:
		return foldSemitic(r)
	case r < 0x1d00:
		return foldIndic(r)
	case r < 0x2e80:
		return foldSymbol(r)
	case r < 0xfe00:
		return foldEast(r)
	}
	return foldShaped(r)
}

func foldLatin(r rune) (rune, int) {
	switch {
	case r == 0xad:
		return 0, invisible
	case r >= 0xc0 && int(r-0xc0) < len(latin):
		if b := latin[r-0xc0]; b != '.' {
			return rune(b), letter
		}
	case r == 0xaa:
		return 'a', letter
	case r == 0xba:
		return 'o', letter
	case r == 0x01a0 || r == 0x01a1:
		return 'o', letter
	case r == 0x0218 || r == 0x0219:
		return 's', letter
	case r == 0x021a || r == 0x021b:
		return 't', letter
	case r == 0x01af || r == 0x01b0:
		return 'u', letter
	case r >= 0x0180:
		return r, letter
	}
	return 0, separator
}

func foldPhonetic(r rune) (rune, int) {
	switch r {
	case 'ɑ', 'ɐ':
		return 'a', letter
	case 'ʙ', 'ɓ':
		return 'b', letter
	case 'ɢ', 'ɡ', 'ɠ':
		return 'g', letter
	case 'ʜ', 'ɥ', 'ɦ':
		return 'h', letter
	case 'ɪ', 'ɩ', 'ᴉ':
		return 'i', letter
	case 'ʟ', 'ɭ':
		return 'l', letter
	case 'ɴ', 'ɲ':
		return 'n', letter
	case 'ʀ', 'ɹ', 'ɾ':
		return 'r', letter
	case 'ʏ', 'ʎ':
		return 'y', letter
	case 'ǝ', 'ə', 'ɛ':
		return 'e', letter
	case 'ɯ':
		return 'm', letter
	case 'ʇ':
		return 't', letter
	case 'ʌ':
		return 'v', letter
	case 'ʍ':
		return 'w', letter
	case 'ʞ':
		return 'k', letter
	case 'ɔ':
		return 'c', letter
	}
	if r >= 0x0300 {
		return 0, invisible // combining marks
	}
	return r, letter
}

func foldGreekCyrillic(r rune) (rune, int) {
	switch {
	case r >= 0x0391 && r <= 0x03a9:
		return r + 0x20, letter
	case r >= 0x0410 && r <= 0x042f:
		return r + 0x20, letter
	case r >= 0x0400 && r <= 0x040f:
		r += 0x50
	case r >= 0x0460 && r != 0x04c0 && r != 0x0482 && r&1 == 0:
		r++
	}
	switch r {
	case 'ά':
		r = 'α'
	case 'έ':
		r = 'ε'
	case 'ή':
		r = 'η'
	case 'ί', 'ϊ', 'ΐ':
		r = 'ι'
	case 'ό':
		r = 'ο'
	case 'ύ', 'ϋ':
		r = 'υ'
	case 'ώ':
		r = 'ω'
	case 'ς':
		r = 'σ'
	case 'ё':
		r = 'е'
	}
	return r, letter
}

func foldSemitic(r rune) (rune, int) {
	switch {
	case r >= 0x0591 && r <= 0x05c7, r >= 0x064b && r <= 0x065f, r == 0x0640, r == 0x061c, r == 0x0670:
		return 0, invisible
	case r == 'أ', r == 'إ', r == 'آ':
		return 'ا', letter
	case r == 'ى', r == 'ی':
		return 'ي', letter
	case r == 'ک':
		return 'ك', letter
	case r == 'ة':
		return 'ه', letter
	case r >= 0x0660 && r <= 0x0669:
		return r - 0x0660 + '0', letter
	case r == 0x060c, r == 0x061b, r == 0x061f, r == 0x06d4:
		return 0, separator
	}
	return r, letter
}

func foldIndic(r rune) (rune, int) {
	switch {
	case r == 0x093c, r == 0x180e:
		return 0, invisible
	case r == 0x0964, r == 0x0965:
		return 0, separator
	case r >= 0x0e00 && r < 0x0e80:
		return r, dense
	case r >= 0x1100 && r < 0x1200:
		return r, dense
	}
	return r, letter
}

func foldSymbol(r rune) (rune, int) {
	switch {
	case r < 0x1d00+rune(len(phonetic)):
		if b := phonetic[r-0x1d00]; b != '.' {
			return rune(b), letter
		}
	case r >= 0x1e00 && int(r-0x1e00) < len(extended):
		if b := extended[r-0x1e00]; b != '.' {
			return rune(b), letter
		}
	case r >= 0x1f00 && r < 0x2000:
		return r, letter
	case r >= 0x200b && r <= 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2060 && r <= 0x206f:
		return 0, invisible
	case r >= 0x2080 && r <= 0x2089:
		return r - 0x2080 + '0', letter
	case r >= 0x2460 && r <= 0x2468:
		return r - 0x2460 + '1', letter
	case r >= 0x249c && r <= 0x24b5:
		return r - 0x249c + 'a', letter
	case r >= 0x24b6 && r <= 0x24cf:
		return r - 0x24b6 + 'a', letter
	case r >= 0x24d0 && r <= 0x24e9:
		return r - 0x24d0 + 'a', letter
	}
	return foldLetterlike(r)
}

// foldLetterlike folds raised and letterlike signs.
func foldLetterlike(r rune) (rune, int) {
	if r >= 0x1d6a && r < 0x2071 || r >= 0x2080 && r < 0x2090 || r >= 0x2135 {
		return 0, separator
	}
	const raised, raisedBase = "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻℂℊℋℎℐℑℒℓℕℙℚℛℝℤℬℯℰℱℳℴ", "abcdefghijklmnoprstuvwxyzcghhiillnpqrrzbeefmo"
	n := 0
	for _, x := range raised {
		if x == r {
			return rune(raisedBase[n]), letter
		}
		n++
	}
	return 0, separator
}

func foldEast(r rune) (rune, int) {
	switch {
	case r >= 0x3000 && r <= 0x3004, r >= 0x3008 && r <= 0x3020, r == 0x30fb:
		return 0, separator
	case r >= 0x30a1 && r <= 0x30f6, r >= 0x3041 && r <= 0x3096, r == 0x30fc, r >= 0x3400 && r < 0xa000, r >= 0xac00 && r < 0xd800:
		return r, dense
	case r == 0xa730:
		return 'f', letter
	case r == 0xa731:
		return 's', letter
	}
	return r, letter
}

func foldShaped(r rune) (rune, int) {
	switch {
	case r <= 0xfe0f, r == 0xfeff, r >= 0xe0100 && r < 0xe0110: // with those Han is written
		return 0, invisible
	case r >= 0xe0110 && r <= 0xe01ef: // a byte each, https://www.unicode.org/charts/PDF/UE0100.pdf
		return r - 0xe0100 + 16, tag
	case r >= 0xff21 && r <= 0xff3a:
		return r - 0xff21 + 'a', letter
	case r >= 0xff41 && r <= 0xff5a:
		return r - 0xff41 + 'a', letter
	case r >= 0xff10 && r <= 0xff19:
		return r - 0xff10 + '0', letter
	case r >= 0x1d400 && r < 0x1d6a4:
		return (r-0x1d400)%26 + 'a', letter
	case r >= 0x1d7ce && r <= 0x1d7ff:
		return (r-0x1d7ce)%10 + '0', letter
	case r >= 0x1f110 && r <= 0x1f129:
		return r - 0x1f110 + 'a', letter
	case r >= 0x1f130 && r <= 0x1f149:
		return r - 0x1f130 + 'a', letter
	case r >= 0x1f150 && r <= 0x1f169:
		return r - 0x1f150 + 'a', letter
	case r >= 0x1f170 && r <= 0x1f189:
		return r - 0x1f170 + 'a', letter
	case r >= 0x1f1e6 && r <= 0x1f1ff:
		return r - 0x1f1e6 + 'a', letter
	case r >= 0xe0020 && r <= 0xe007e:
		return r - 0xe0000, tag
	case r >= 0x20000 && r < 0x32000:
		return r, dense
	}
	return 0, separator
}

// lookalike gives the Latin letter that a Greek or Cyrillic one is taken for. Words that
// mix scripts are read that way.
func lookalike(r rune) (byte, bool) {
	const theirs, ours = "аеорсухіѕјԁһкмтнвгпѵԛԝӏαοεινρτυκχηωγβμσ", "aeopcyxisjdhkmthbrnvqwlaoeivptukxnwybuo"
	if r < 0x0370 || r >= 0x0530 {
		return 0, false
	}
	n := 0
	for _, x := range theirs {
		if x == r {
			return ours[n], true
		}
		n++
	}
	return 0, false
}

// latinise reads the lookalikes of a word that mixes scripts.
func latinise(word []byte) []byte {
	out := word[:0]
	for i := 0; i < len(word); {
		r, n := utf8.DecodeRune(word[i:])
		if b, ok := lookalike(r); ok {
			out = append(out, b)
		} else {
			out = append(out, word[i:i+n]...)
		}
		i += n
	}
	return out
}
