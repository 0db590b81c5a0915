package cli

import (
	"fmt"
	"slices"

	"snap/cli/exit"
	"snap/cli/report"
	"snap/destination"
	"snap/destination/retention"
	"snap/internal/hint"
	"snap/internal/quote"
	"snap/query"
	"snap/record"
)

func deleteCommand() *command {
	return &command{
		Name: "delete", Args: "REF…", Min: 1, Max: -1, Group: groupKeep, Effect: true,
		Short: "delete snapshots",
		Long: `Delete snapshots. What other snapshots share with them stays, and so does every
answer about the others. A pinned snapshot goes if its whole name is given, not by
latest, a date or the beginning of its name.`,
		Examples: `snap delete -n oldest  # what would it free?
snap delete 20261101-120000 latest~3`,
		Codes:    []int{exit.Refused, exit.NoDest, exit.Locked, exit.Interrupted, exit.Terminated},
		Flags:    flags{dryFlag("say what would be freed and delete nothing")},
		Complete: completeRef,
		Run:      runDelete,
	}
}

func runDelete(c *call) error {
	dest, err := c.find()
	if err != nil {
		return err
	}
	var names []string
	err = c.reading(func(d *query.Reader) error {
		r := d.Resolver()
		r.Exact = true
		for _, ref := range c.args {
			pos, err := r.Resolve(ref)
			if err != nil {
				return err
			}
			if err := spared(&d.Snapshots[pos], ref); err != nil {
				return err
			}
			if name := d.Snapshots[pos].Name; !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.removing(dest, "delete", false, func(d *destination.Destination) (*retention.Plan, report.Stops, error) {
		plan, err := retention.PlanNamed(c.ctx, d, names)
		return plan, report.Stops{}, err
	})
}

// spared refuses a pinned snapshot that is named by what may be another one tomorrow.
func spared(h *record.Header, ref string) error {
	if ref == h.Name || !retention.Pinned(h) {
		return nil
	}
	return exit.With(exit.Refused, hint.With(fmt.Errorf("%s: snapshot %s is pinned", quote.Name(ref), quote.Name(h.Name)),
		"to delete it all the same: snap delete %s", quote.Word(h.Name)))
}
