package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"snap/remote/store"
	"snap/remote/vault/chain"
)

func sumOf(b []byte) [32]byte { return sha256.Sum256(b) }

// appendIntent is the file of an intent: the name of the head in the first line, the SHA-256 of its bytes in the
// second, then these.
func appendIntent(in raw) []byte {
	return append(fmt.Appendf(nil, "%s\n%x\n", in.Name(), sumOf(in.body)), in.body...)
}

func parseIntent(b []byte) (in raw, ok bool) {
	name, rest, ok1 := bytes.Cut(b, []byte("\n"))
	sum, body, ok2 := bytes.Cut(rest, []byte("\n"))
	ref, ok3 := chain.ParseName(string(name))
	in = raw{Ref: ref, body: body}
	return in, ok1 && ok2 && ok3 && fmt.Sprintf("%x", sumOf(body)) == string(sum)
}

// headBefore is the head that h was made of.
func (v *Vault) headBefore(ctx context.Context, h *Head) (*Head, error) {
	want := chain.Ref{Number: h.Number - 1}
	if v.s.Traits().CreateOnly {
		before, err := v.fetchHead(ctx, want)
		if err == nil && sumOf(v.last.body) != [32]byte(h.BeforeSum) {
			return nil, fmt.Errorf("%s: %w", want.Name(), store.ErrNotFound)
		}
		return before, err
	}
	for o, err := range v.s.List(ctx, want.Name(), "") {
		if err != nil {
			return nil, err
		}
		ref, ok := chain.ParseName(o.Name)
		if !ok || ref.Number != want.Number {
			continue
		}
		before, err := v.fetchHead(ctx, ref)
		if err == nil && sumOf(v.last.body) == [32]byte(h.BeforeSum) {
			return before, nil
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
	}
	return nil, fmt.Errorf("the head before number %d: %w", h.Number, store.ErrNotFound)
}
