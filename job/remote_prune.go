package job

import (
	"context"
	"errors"
	"time"

	"snap/cli/exit"
	"snap/cli/settings"
	"snap/destination"
	"snap/destination/retention"
	"snap/internal/hint"
	"snap/record"
	"snap/remote"
	"snap/remote/vault"
)

// RemotePruning removes from a remote the snapshots that rules do not keep there.
type RemotePruning struct {
	*Place // whose remote it is; its Dest is "" where the remote was named by its URL
	Remote *settings.Remote
	Front  *RemoteFront
	Policy retention.Policy
	vault.PruneOptions

	// Guard refuses a plan, or is told of it where nothing is removed; nil: the policy alone does.
	Guard func(plan *retention.Plan) error
}

// RemotePruned is what became of the snapshots of a remote, or would.
type RemotePruned struct {
	*retention.Plan // its decisions say nothing of bytes: what is shared there is known of all together
	vault.PruneResult
	Took time.Duration
}

// Run removes what the rules do not keep.
func (r *RemotePruning) Run(ctx context.Context) (res *RemotePruned, err error) {
	from, closeFrom, err := r.source(ctx, r.Remote)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closeFrom()) }()
	far, err := r.OpenRemote(ctx, r.Remote, r.Front, 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, far.Close()) }()
	if r.Download {
		if err := far.OpenContents(ctx); err != nil {
			return nil, exit.RemoteHint(err)
		}
	}
	if err := far.Vault.Refresh(ctx); err != nil {
		return nil, exit.RemoteHint(err)
	}
	if err := r.NoteSeen(r.Remote.Name, far.Vault); err != nil {
		return nil, err
	}
	plan, err := r.plan(far.Vault)
	if err != nil {
		return nil, err
	}
	if !r.DryRun {
		end, err := r.holdTrees(r.Remote, "prune")
		if err != nil {
			return nil, exit.RemoteHint(err)
		}
		defer func() { _ = end() }() // what is left of it holds nothing
	}
	goes := map[uint64]bool{} // what has come there since stays
	for _, h := range plan.Going() {
		goes[h.Seq] = true
	}
	begin := r.Now()
	pruned, err := far.Vault.Prune(ctx, func(seq uint64) bool { return !goes[seq] }, from, r.PruneOptions)
	return &RemotePruned{plan, pruned, r.Now().Sub(begin)}, exit.RemoteHint(err)
}

// plan says what stays in a vault, and why.
func (r *RemotePruning) plan(v *vault.Vault) (*retention.Plan, error) {
	var all []record.Header
	for _, s := range v.Snapshots() {
		all = append(all, s.Header)
	}
	plan := r.Policy.Plan(all, func(*record.Header) bool { return false })
	if n := len(plan.List); n > 0 && !plan.List[n-1].Keep { // an older one with a later time is kept as the newest
		last := &plan.List[n-1]
		last.Keep, last.Safe, last.Reasons = true, true, []string{"the next copy goes on from here"}
	}
	if err := plan.Most(); err != nil && !r.DryRun {
		return nil, exit.With(exit.Refused,
			hint.With(err, "to see which: add -n; to delete them all the same: add --allow-most"))
	}
	if r.Guard == nil {
		return plan, nil
	}
	return plan, r.Guard(plan)
}

// source is the destination as what its remote is made of; nil where the remote was named by its URL.
func (p *Place) source(ctx context.Context, r *settings.Remote) (vault.Source, func() error, error) {
	if r.Name == "" {
		return nil, func() error { return nil }, nil
	}
	return remote.OpenSource(ctx, p.Dest, settings.Files(), p.User.Trusted(p.Dest))
}

// holdTrees keeps all snapshots here while work on a remote, named by its command, reads their trees.
func (p *Place) holdTrees(r *settings.Remote, work string) (end func() error, err error) {
	if r.Name == "" {
		return func() error { return nil }, nil
	}
	return destination.HoldFrom(p.Dest, r.Name, destination.Hold{Work: work, Copied: p.Now()})
}
