package media

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"
)

func TestImages(t *testing.T) {
	t.Parallel()
	picture := image.NewPaletted(image.Rect(0, 0, 3, 2), color.Palette{color.Black, color.White})
	tests := []struct {
		kind   string
		encode func(b *bytes.Buffer) error
	}{
		{PNG, func(b *bytes.Buffer) error { return png.Encode(b, picture) }},
		{JPEG, func(b *bytes.Buffer) error { return jpeg.Encode(b, picture, nil) }},
		{GIF, func(b *bytes.Buffer) error { return gif.Encode(b, picture, nil) }},
	}
	for _, tt := range tests {
		t.Run(tt.kind, func(t *testing.T) {
			var b bytes.Buffer
			if err := tt.encode(&b); err != nil {
				t.Fatal(err)
			}
			want := fmt.Sprintf("%s of %d bytes, 3 x 2 pixels", tt.kind, b.Len())
			if got := Describe(b.Bytes()); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"WebP", "RIFF\x00\x00\x00\x00WEBPVP8 ", WebP},
		{"PDF", "%PDF-1.7", PDF},
		{"a cut RIFF", "RIFF\x00\x00", ""},
		{"text", "hello", ""},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Type([]byte(tt.in)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if got, want := Describe([]byte("\x89PNG\r\n\x1a\ncut")), "image/png of 11 bytes"; got != want {
		t.Errorf("an image cut after its signature: got %q, want %q", got, want)
	}
}
