package store_test

import (
	"errors"
	"testing"
	"time"

	"snap/remote/store"
	"snap/remote/store/storetest"
)

// TestVersions: what is replaced and deleted stays, a deleted name can be made again, and locked objects stay.
func TestVersions(t *testing.T) {
	server := storetest.Versitygw(t)
	server.Versioned(t, true)
	s := open(t, server.Place("p"), store.Options{Env: server.Env})
	found, err := store.Probe(t.Context(), s)
	want := store.Traits{CreateOnly: true, ChecksSum: true, Ranges: true, Lists: true, ServerClock: true, Versions: true,
		Lock: true}
	if err != nil || found != want {
		t.Fatalf("%+v, %v", found, err)
	}
	if all := versions(t, s, ""); len(all) > 0 {
		t.Errorf("the trial left %+v", all)
	}
	t.Run("replaced", func(t *testing.T) { replacedStays(t, s) })
	t.Run("deleted", func(t *testing.T) { deletedStays(t, server) })
	t.Run("locked", func(t *testing.T) { lockedStays(t, s) })
}

// TestVersionsWithoutLocks: a bucket may have the one without the other.
func TestVersionsWithoutLocks(t *testing.T) {
	server := storetest.Versitygw(t)
	server.Versioned(t, false)
	s := open(t, server.Place("p"), store.Options{Env: server.Env})
	found, err := store.Probe(t.Context(), s)
	if err != nil || !found.Versions || found.Lock {
		t.Fatalf("%+v, %v", found, err)
	}
	if all := versions(t, s, ""); len(all) > 0 {
		t.Errorf("the trial left %+v", all)
	}
	if err := s.Put(t.Context(), "data/1", nil, store.PutOptions{Lock: time.Hour}); err == nil {
		t.Error("it is said to be locked, and is not")
	}
}

func versions(t *testing.T, s store.Store, prefix string) (all []store.Version) {
	t.Helper()
	for v, err := range s.(store.Versioned).Versions(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

func replacedStays(t *testing.T, s store.Store) {
	put(t, s, "data/1", "true")
	if err := s.Put(t.Context(), "data/1", []byte("false"), store.PutOptions{Replace: true}); err != nil {
		t.Fatal(err)
	}
	all := versions(t, s, "data/1")
	if len(all) != 2 || !all[0].Latest || all[1].Latest || all[1].Size != 4 {
		t.Fatalf("%+v", all)
	}
	body, err := s.(store.Versioned).GetVersion(t.Context(), "data/1", all[1].ID, 0, -1)
	if err != nil || string(body) != "true" {
		t.Errorf("%q, %v", body, err)
	}
	body, err = s.(store.Versioned).GetVersion(t.Context(), "data/1", all[1].ID, 1, 2)
	if err != nil || string(body) != "ru" {
		t.Errorf("%q, %v", body, err)
	}
}

// deletedStays where objects are not locked: a Delete leaves a delete marker, as one by hand does. A Put may be told
// that something is there then; with Replace it works.
func deletedStays(t *testing.T, server *storetest.Server) {
	s := open(t, server.Place("q"), store.Options{Env: server.Env})
	put(t, s, "data/2", "old")
	if err := s.Delete(t.Context(), "data/2"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Stat(t.Context(), "data/2"); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	if all := versions(t, s, "data/2"); len(all) != 2 || !all[0].Deleted || all[1].Deleted {
		t.Errorf("%+v", all)
	}
	err := s.Put(t.Context(), "data/2", []byte("new"), store.PutOptions{})
	if err != nil && !errors.Is(err, store.ErrExists) {
		t.Fatal(err)
	}
	if err := s.Put(t.Context(), "data/2", []byte("new"), store.PutOptions{Replace: true}); err != nil {
		t.Fatal(err)
	}
	if body := got(t, s, "data/2"); body != "new" {
		t.Errorf("%q", body)
	}
}

func lockedStays(t *testing.T, s store.Store) {
	err := s.Put(t.Context(), "data/3", []byte("true"), store.PutOptions{Lock: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Delete(t.Context(), "data/3"); !errors.Is(err, store.ErrLocked) {
		t.Errorf("%v", err)
	}
	if body := got(t, s, "data/3"); body != "true" {
		t.Errorf("%q", body)
	}
	locker := s.(store.Locker)
	first, err := locker.LockedUntil(t.Context(), "data/3", "")
	if left := time.Until(first); err != nil || left < 59*time.Minute || left > time.Hour {
		t.Fatalf("locked until %s, %v", first, err)
	}
	for _, c := range []struct{ ask, want time.Time }{
		{first.Add(time.Hour), first.Add(time.Hour)}, {first, first.Add(time.Hour)},
		{first.Add(time.Hour), first.Add(time.Hour)},
	} {
		err := locker.Extend(t.Context(), "data/3", "", c.ask)
		until, err2 := locker.LockedUntil(t.Context(), "data/3", "")
		if err != nil || err2 != nil || !until.Equal(c.want) {
			t.Errorf("asked for %s: until %s, %v, %v", c.ask, until, err, err2)
		}
	}
	if err := s.Put(t.Context(), "data/3", []byte("false"), store.PutOptions{Replace: true}); err != nil &&
		!errors.Is(err, store.ErrLocked) {
		t.Fatal(err)
	}
	all := versions(t, s, "data/3")
	body, err := s.(store.Versioned).GetVersion(t.Context(), "data/3", all[len(all)-1].ID, 0, -1)
	if err != nil || string(body) != "true" {
		t.Errorf("%q, %v", body, err)
	}
	for _, err := range []error{locker.Extend(t.Context(), "data/none", "", first.Add(time.Hour)),
		s.Delete(t.Context(), "data/none")} {
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Error(err)
		}
	}
}
