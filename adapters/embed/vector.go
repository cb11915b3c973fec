package embed

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math"
	"strconv"

	"github.com/postern-gateway/postern/adapters/rawjson"
)

// ErrVector says that a vector is spelled in neither of the two ways.
var ErrVector = errors.New("a vector is neither numbers nor base64 of 32-bit floats")

// AppendNumbers appends the vector as a JSON array of numbers.
func (v *Vector) AppendNumbers(dst []byte) ([]byte, error) {
	if v.Numbers != nil {
		return rawjson.AddRaw(dst, v.Numbers), nil
	}
	packed := make([]byte, base64.StdEncoding.DecodedLen(len(v.Base64)))
	n, err := base64.StdEncoding.Decode(packed, v.Base64)
	if err != nil || n%4 != 0 {
		return dst, ErrVector
	}
	dst = append(dst, '[')
	for i := 0; i < n; i += 4 {
		f := float64(math.Float32frombits(binary.LittleEndian.Uint32(packed[i:])))
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return dst, ErrVector
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendFloat(dst, f, 'g', -1, 32)
	}
	return append(dst, ']'), nil
}

// AppendBase64 appends the vector as the base64 of its floats, without quotes.
func (v *Vector) AppendBase64(dst []byte) ([]byte, error) {
	if v.Numbers == nil {
		return append(dst, v.Base64...), nil
	}
	var doc rawjson.Doc
	if doc.Parse(v.Numbers) != nil || doc.Root().Kind() != rawjson.Array {
		return dst, ErrVector
	}
	packed := make([]byte, 0, 4*doc.Root().Len())
	for it := doc.Root().Items(); it.Next(); {
		e := it.Value
		f, ok := e.Float64()
		if !ok {
			return dst, ErrVector
		}
		packed = binary.LittleEndian.AppendUint32(packed, math.Float32bits(float32(f)))
	}
	return base64.StdEncoding.AppendEncode(dst, packed), nil
}
