(* A small model of how levels spread: places hold one instance of a dataset at a level, flows carry it on, each lowered
   in its own way, and nothing is ever taken back. What is proved holds for every graph of this shape, of any size:

   - reached_is_least, order_free: the order in which flows are looked at does not matter;
   - adding_a_flow_lowers_nothing, more_held_lowers_nothing, less_lowering_lowers_nothing: monotonicity;
   - productive_steps_are_few, saturated_is_closed: it ends, and where it ends nothing is left to do;
   - drawn_or_refused: every declared way of a payload is drawn, or there is an error.

   - table_is_saturated: what the tests run is that.

   tests/formal compares `table` with the product. *)

From Coq Require Import Arith Bool Lia List.
Import ListNotations.

Definition place := nat.
Definition level := nat.
Definition state := place -> level.

(* The highest level there is: verbatim. *)
Definition top : level := 4.

(* What a flow leaves of a level. It may depend on the level in any way that never takes more from more. *)
Record flow := Flow {
  source : place;
  target : place;
  lower : level -> level;
  lower_monotone : forall a b, a <= b -> lower a <= lower b;
  lower_bounded : forall a, a <= top -> lower a <= top
}.

Definition step (f : flow) (s : state) : state :=
  fun p => if p =? target f then Nat.max (s p) (lower f (s (source f))) else s p.

Definition run (order : list flow) (s : state) : state := fold_left (fun now f => step f now) order s.

Definition below (s t : state) : Prop := forall p, s p <= t p.

(* No flow brings anything new. *)
Definition closed (flows : list flow) (s : state) : Prop := forall f, In f flows -> below (step f s) s.

Lemma below_refl : forall s, below s s.
Proof. intros s p. apply le_n. Qed.

Lemma below_trans : forall s t u, below s t -> below t u -> below s u.
Proof. intros s t u H K p. specialize (H p). specialize (K p). lia. Qed.

Lemma step_grows : forall f s, below s (step f s).
Proof. intros f s p. unfold step. destruct (p =? target f); lia. Qed.

Lemma step_monotone : forall f s t, below s t -> below (step f s) (step f t).
Proof.
  intros f s t H p. unfold step. destruct (p =? target f).
  - pose proof (H p). pose proof (lower_monotone f _ _ (H (source f))). lia.
  - apply H.
Qed.

Lemma run_grows : forall order s, below s (run order s).
Proof.
  induction order as [| f order IH]; intros s; simpl.
  - apply below_refl.
  - eapply below_trans; [apply step_grows | apply IH].
Qed.

Lemma run_monotone : forall order s t, below s t -> below (run order s) (run order t).
Proof.
  induction order as [| f order IH]; intros s t H; simpl; [exact H |].
  apply IH. apply step_monotone. exact H.
Qed.

(* Whatever order is taken, nothing that is reached exceeds a state in which the flows have nothing left to do. *)
Theorem reached_is_least : forall flows order s t,
  incl order flows -> below s t -> closed flows t -> below (run order s) t.
Proof.
  intros flows order. induction order as [| f order IH]; intros s t I H C; simpl; [exact H |].
  apply IH.
  - intros g G. apply I. right. exact G.
  - eapply below_trans; [apply step_monotone; exact H |]. apply C. apply I. left. reflexivity.
  - exact C.
Qed.

Theorem order_free : forall flows one other s,
  incl one flows -> incl other flows -> closed flows (run one s) -> closed flows (run other s) ->
  forall p, run one s p = run other s p.
Proof.
  intros flows one other s I J C D p. apply Nat.le_antisymm.
  - apply (reached_is_least flows one s (run other s) I (run_grows other s) D).
  - apply (reached_is_least flows other s (run one s) J (run_grows one s) C).
Qed.

Theorem adding_a_flow_lowers_nothing : forall flows more order s t,
  incl flows more -> incl order flows -> below s t -> closed more t -> below (run order s) t.
Proof.
  intros flows more order s t K I H C. apply (reached_is_least more); try assumption.
  intros f F. apply K. apply I. exact F.
Qed.

Theorem more_held_lowers_nothing : forall order s t, below s t -> below (run order s) (run order t).
Proof. exact run_monotone. Qed.

(* The same flow with less lowering: from and to the same places, and it leaves at least as much of each level. *)
Definition less_lowered (f g : flow) : Prop :=
  source f = source g /\ target f = target g /\ forall a, lower f a <= lower g a.

Theorem less_lowering_lowers_nothing : forall one other s t,
  Forall2 less_lowered one other -> below s t -> below (run one s) (run other t).
Proof.
  intros one other s t F. revert s t. induction F as [| f g one other [S [T L]] F IH]; intros s t H; simpl; [exact H |].
  apply IH. intros p. unfold step. rewrite <- T, <- S. destruct (p =? target f); [| apply H].
  pose proof (H p). pose proof (L (s (source f))). pose proof (lower_monotone g _ _ (H (source f))). lia.
Qed.

(* It ends. All places are below n; what is held there together is at most n times the highest level. *)

Fixpoint held (n : nat) (s : state) : nat := match n with 0 => 0 | S m => held m s + s m end.

Definition within (s : state) : Prop := forall p, s p <= top.

Lemma step_within : forall f s, within s -> within (step f s).
Proof.
  intros f s W p. unfold step. destruct (p =? target f); [| apply W].
  pose proof (W p). pose proof (lower_bounded f _ (W (source f))). lia.
Qed.

Lemma run_within : forall order s, within s -> within (run order s).
Proof.
  induction order as [| f order IH]; intros s W; simpl; [exact W |]. apply IH. apply step_within. exact W.
Qed.

Lemma held_bounded : forall n s, within s -> held n s <= n * top.
Proof.
  induction n as [| n IH]; intros s W; simpl; [lia |]. pose proof (IH s W). pose proof (W n). unfold top in *. lia.
Qed.

Lemma held_monotone : forall n s t, below s t -> held n s <= held n t.
Proof. induction n as [| n IH]; intros s t H; simpl; [lia |]. pose proof (IH s t H). pose proof (H n). lia. Qed.

Lemma held_equal : forall n s t, below s t -> held n s = held n t -> forall p, p < n -> s p = t p.
Proof.
  induction n as [| n IH]; intros s t H E p L; [lia |]. simpl in E.
  pose proof (held_monotone n s t H). pose proof (H n). destruct (Nat.eq_dec p n) as [-> | N]; [lia |].
  apply IH; [exact H | lia | lia].
Qed.

Lemma held_grows : forall n s t p, below s t -> p < n -> s p < t p -> held n s < held n t.
Proof.
  induction n as [| n IH]; intros s t p H L G; [lia |]. simpl. pose proof (H n). pose proof (held_monotone n s t H).
  destruct (Nat.eq_dec p n) as [-> | N]; [lia |]. assert (held n s < held n t) by (apply (IH s t p); auto; lia). lia.
Qed.

(* Steps of which each brings something new. *)
Inductive productive : list flow -> state -> Prop :=
| Done : forall s, productive [] s
| More : forall f order s p, step f s p <> s p -> productive order (step f s) -> productive (f :: order) s.

Theorem productive_steps_are_few : forall n order s,
  within s -> Forall (fun f => target f < n) order -> productive order s -> length order + held n s <= n * top.
Proof.
  intros n order. induction order as [| f order IH]; intros s W T P; simpl.
  - apply held_bounded. exact W.
  - inversion P as [| f' order' s' p N Q]; subst. inversion T as [| f' order' L R]; subst.
    pose proof (IH (step f s) (step_within f s W) R Q).
    assert (p = target f) as ->.
    { destruct (Nat.eq_dec p (target f)) as [E | E]; [exact E |]. exfalso. apply N. unfold step.
      apply Nat.eqb_neq in E. rewrite E. reflexivity. }
    assert (held n s < held n (step f s)).
    { apply held_grows with (p := target f); [apply step_grows | exact L |].
      pose proof (step_grows f s (target f)). lia. }
    lia.
Qed.

(* The model that runs: look at all flows again and again, once more than anything can still change. *)
Fixpoint rounds (count : nat) (flows : list flow) (s : state) : state :=
  match count with 0 => s | S more => rounds more flows (run flows s) end.

Definition saturate (n : nat) (flows : list flow) (s : state) : state := rounds (S (n * top)) flows s.

Lemma outside_stays : forall n order s p, Forall (fun f => target f < n) order -> n <= p -> run order s p = s p.
Proof.
  intros n order. induction order as [| f order IH]; intros s p T L; simpl; [reflexivity |].
  inversion T as [| f' order' B R]; subst. rewrite IH by assumption. unfold step.
  destruct (p =? target f) eqn:E; [| reflexivity]. apply Nat.eqb_eq in E. lia.
Qed.

Lemma step_of_equals : forall f s t, (forall p, s p = t p) -> forall p, step f s p = step f t p.
Proof. intros f s t E p. unfold step. rewrite (E p), (E (source f)). reflexivity. Qed.

Lemma quiet_is_closed : forall flows s, (forall p, run flows s p = s p) -> closed flows s.
Proof.
  intros flows s Q f F. apply in_split in F. destruct F as [before [after ->]].
  assert (E : forall p, run before s p = s p).
  { intros p. apply Nat.le_antisymm; [| apply run_grows]. rewrite <- (Q p) at 1.
    unfold run in *. rewrite fold_left_app. apply (run_grows (f :: after)). }
  intros p. rewrite <- (step_of_equals f (run before s) s E p). rewrite <- (Q p).
  unfold run. rewrite fold_left_app. simpl. apply (run_grows after).
Qed.

Lemma rounds_close : forall count n flows s,
  within s -> Forall (fun f => target f < n) flows -> n * top < count + held n s ->
  closed flows (rounds count flows s).
Proof.
  induction count as [| count IH]; intros n flows s W T M; simpl.
  - pose proof (held_bounded n s W). lia.
  - destruct (Nat.eq_dec (held n s) (held n (run flows s))) as [E | E].
    + assert (Q : forall p, run flows s p = s p).
      { intros p. destruct (lt_dec p n) as [L | L].
        - symmetry. apply (held_equal n); [apply run_grows | exact E | exact L].
        - apply (outside_stays n); [exact T | lia]. }
      assert (R : forall more u, (forall p, u p = s p) -> forall p, rounds more flows u p = s p).
      { induction more as [| more IHm]; intros u U p; simpl; [apply U |]. apply IHm. intros q.
        transitivity (run flows s q); [| apply Q]. clear - U. revert u s U q.
        induction flows as [| f fs IHf]; intros u s U q; simpl; [apply U |]. apply IHf. apply step_of_equals. exact U. }
      intros f F p. pose proof (R count (run flows s) Q) as E2.
      rewrite (step_of_equals f _ s E2 p), (E2 p). apply (quiet_is_closed flows s Q f F p).
    + apply (IH n); [apply run_within; exact W | exact T |].
      pose proof (held_monotone n s (run flows s) (run_grows flows s)). lia.
Qed.

Theorem saturated_is_closed : forall n flows s,
  within s -> Forall (fun f => target f < n) flows -> closed flows (saturate n flows s).
Proof. intros n flows s W T. apply (rounds_close _ n); [exact W | exact T |]. lia. Qed.

(* A flow whose payload says at most so much. *)
Lemma cap_monotone : forall c a b, a <= b -> Nat.min a c <= Nat.min b c.
Proof. intros. lia. Qed.

Lemma cap_bounded : forall c a, a <= top -> Nat.min a c <= top.
Proof. intros. lia. Qed.

Definition capped (from to : place) (c : level) : flow :=
  Flow from to (fun a => Nat.min a c) (cap_monotone c) (cap_bounded c).

(* Drawing: a declaration sends a payload from some places to some names, and a name may lead nowhere. *)
Record declaration := Declared { senders : list place; receivers : list nat; says : level }.

Definition edges (resolve : nat -> list place) (d : declaration) : list flow :=
  flat_map (fun from => flat_map (fun to => map (fun at_ => capped from at_ (says d)) (resolve to)) (receivers d)) (senders d).

Definition errors (resolve : nat -> list place) (d : declaration) : list nat :=
  (if senders d then [0] else []) ++ filter (fun to => match resolve to with [] => true | _ => false end) (receivers d).

Theorem drawn_or_refused : forall resolve d to,
  In to (receivers d) ->
  errors resolve d <> [] \/
  forall from, In from (senders d) -> exists f, In f (edges resolve d) /\ source f = from /\ In (target f) (resolve to).
Proof.
  intros resolve d to R. destruct (resolve to) as [| at_ more] eqn:E.
  - left. unfold errors. intros N. apply app_eq_nil in N. destruct N as [_ N].
    assert (In to (filter (fun to => match resolve to with [] => true | _ => false end) (receivers d))) as K.
    { apply filter_In. split; [exact R |]. rewrite E. reflexivity. }
    rewrite N in K. inversion K.
  - right. intros from F. exists (capped from at_ (says d)). split; [| split].
    + unfold edges. apply in_flat_map. exists from. split; [exact F |]. apply in_flat_map. exists to. split; [exact R |].
      apply in_map_iff. exists at_. split; [reflexivity |]. rewrite E. left. reflexivity.
    + reflexivity.
    + simpl. left. reflexivity.
Qed.

Theorem nobody_sends_is_refused : forall resolve d, senders d = [] -> errors resolve d <> [].
Proof. intros resolve d E. unfold errors. rewrite E. discriminate. Qed.

(* For tests: the same with lists, which Coq computes quickly; what each of n places holds in the end. *)
Definition sight (held_at : list level) : state := fun p => nth p held_at 0.

Definition written (n : nat) (s : state) : list level := map s (seq 0 n).

Fixpoint steps (n : nat) (order : list flow) (now : list level) : list level :=
  match order with [] => now | f :: more => steps n more (written n (step f (sight now))) end.

Fixpoint laps (count n : nat) (flows : list flow) (now : list level) : list level :=
  match count with 0 => now | S more => laps more n flows (steps n flows now) end.

Definition table (n : nat) (flows : list flow) (start : list level) : list level := laps (S (n * top)) n flows start.

Lemma written_length : forall n s, length (written n s) = n.
Proof. intros. unfold written. rewrite map_length, seq_length. reflexivity. Qed.

Lemma written_is_seen : forall n f now, length now = n -> target f < n ->
  forall p, sight (written n (step f (sight now))) p = step f (sight now) p.
Proof.
  intros n f now L T p. unfold sight at 1, written. destruct (lt_dec p n) as [I | O].
  - rewrite (nth_indep _ 0 (step f (sight now) 0)) by (rewrite map_length, seq_length; exact I).
    rewrite map_nth, seq_nth by exact I. reflexivity.
  - rewrite nth_overflow by (rewrite map_length, seq_length; lia). unfold step.
    destruct (p =? target f) eqn:E; [apply Nat.eqb_eq in E; lia |]. unfold sight. rewrite nth_overflow by lia. reflexivity.
Qed.

Lemma run_of_equals : forall order s t, (forall p, s p = t p) -> forall p, run order s p = run order t p.
Proof.
  induction order as [| f order IH]; intros s t E p; simpl; [apply E |]. apply IH. apply step_of_equals. exact E.
Qed.

Lemma steps_are_run : forall n order now, length now = n -> Forall (fun f => target f < n) order ->
  length (steps n order now) = n /\ forall p, sight (steps n order now) p = run order (sight now) p.
Proof.
  intros n order. induction order as [| f order IH]; intros now L T; simpl; [split; [exact L | reflexivity] |].
  inversion T as [| f' order' I R]; subst f' order'.
  destruct (IH (written n (step f (sight now))) (written_length n _) R) as [K E]. split; [exact K |].
  intros p. rewrite E. apply run_of_equals. apply written_is_seen; assumption.
Qed.

Lemma rounds_of_equals : forall count flows s t, (forall p, s p = t p) ->
  forall p, rounds count flows s p = rounds count flows t p.
Proof.
  induction count as [| count IH]; intros flows s t E p; simpl; [apply E |]. apply IH. apply run_of_equals. exact E.
Qed.

Theorem table_is_saturated : forall n flows start, length start = n -> Forall (fun f => target f < n) flows ->
  forall p, nth p (table n flows start) 0 = saturate n flows (sight start) p.
Proof.
  intros n flows start L T. unfold table, saturate. generalize (S (n * top)). intros count. revert start L.
  induction count as [| count IH]; intros start L p; simpl; [reflexivity |].
  destruct (steps_are_run n flows start L T) as [K E]. rewrite (IH _ K). apply rounds_of_equals. exact E.
Qed.
