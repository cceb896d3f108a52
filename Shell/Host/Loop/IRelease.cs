namespace Nitro.Host.Loop;

/// <summary>What follows a durable step.</summary>
internal interface IRelease
{
    /// <summary>Called once per step, in order, after its records are durable and its state is published. Must not wait.</summary>
    void Release(Mail mail, StepResult step);
}
