using Nitro.Ports;

namespace Nitro.Host.Effects;

/// <summary>Puts each effect into its lane. A new kind of effect does not compile until it has one.</summary>
internal sealed class Dispatcher(PeerLanes peers, SignLane signs, ChainLane chain, Func<long, IReadOnlyList<CallContext>> contexts) : EffectHandler<bool>
{
    internal void Start(Effect effect) => effect.Dispatch(this);

    /// <summary>The effect is over, whichever lane has it.</summary>
    internal void Drop(long id)
    {
        peers.Drop(id);
        signs.Drop(id);
        chain.Drop(id);
    }

    /// <inheritdoc/>
    public override bool Sign(SignEffect effect)
    {
        // Here for the last time: whoever asks again asks with what justified it at first.
        signs.Add(new SignRequest(effect.Id, effect.Lane, effect.Items, effect.Digest) { Contexts = contexts(effect.Id) });
        return true;
    }

    /// <inheritdoc/>
    public override bool Send(SendEffect effect)
    {
        peers.Add(effect.Id, effect.Peer, effect.Frame);
        return true;
    }

    /// <inheritdoc/>
    public override bool Submit(SubmitEffect effect)
    {
        chain.Add(effect, contexts(effect.Id));
        return true;
    }

    /// <inheritdoc/>
    public override bool Read(ReadEffect effect)
    {
        chain.Add(effect);
        return true;
    }
}
