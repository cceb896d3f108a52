namespace Nitro.Boundary.Tests;

/// <summary>Says which of its methods was called with what.</summary>
internal sealed class SeeingHandler : EffectHandler<SeenEffect>
{
    public override SeenEffect Sign(SignEffect effect) => new(nameof(Sign), effect.Id, effect);

    public override SeenEffect Send(SendEffect effect) => new(nameof(Send), effect.Id, effect);

    public override SeenEffect Submit(SubmitEffect effect) => new(nameof(Submit), effect.Id, effect);

    public override SeenEffect Read(ReadEffect effect) => new(nameof(Read), effect.Id, effect);
}
